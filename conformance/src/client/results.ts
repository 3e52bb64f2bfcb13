// What executions ended with, in words and values that cases can compare.
import { reapi, SHA256 } from '@gorego/core'
import { lastOf, type Seen } from './actions.js'
import { read } from './calls.js'
import { failure, type RawClient } from './raw-client.js'

const codeNames = new Map(Object.entries(reapi.RpcCode).map(([name, value]) => [value as number, name]))

/** How an execution ended, whichever way the server told it. */
export interface Ending {
  /** As gRPC spells it: `FAILED_PRECONDITION`. */
  readonly code: string
  readonly message: string
  readonly status: reapi.RpcStatus | undefined
  /** The last operation; absent where the call itself failed. */
  readonly seen?: Seen
}

/** An execution to its end; that the call fails is one (EX-05). */
export async function endingOf(stream: AsyncIterable<Seen>): Promise<Ending> {
  let seen: Seen
  try {
    seen = await lastOf(stream)
  } catch (error) {
    return await failure(Promise.reject(error))
  }
  const status = seen.response.getStatus()
  const code = codeNames.get(seen.code) ?? String(seen.code)
  return { code, message: status?.getMessage() ?? '', status, seen }
}

/** The whole blob that a result refers to. */
export async function bytesOf(client: RawClient, digest: reapi.Digest | undefined): Promise<Buffer> {
  if (digest === undefined) throw new Error('there is no digest')
  return await read(client, reapi.fromDigestMessage(SHA256, digest, 'a digest in a result'))
}

/** What the command printed, wherever the server put it. */
export async function stdoutOf(client: RawClient, { result }: Seen): Promise<string> {
  return await printed(client, result.getStdoutRaw_asU8(), result.getStdoutDigest())
}

export async function stderrOf(client: RawClient, { result }: Seen): Promise<string> {
  return await printed(client, result.getStderrRaw_asU8(), result.getStderrDigest())
}

async function printed(client: RawClient, raw: Uint8Array, digest: reapi.Digest | undefined): Promise<string> {
  if (raw.length > 0 || digest === undefined) return Buffer.from(raw).toString()
  return (await bytesOf(client, digest)).toString()
}

/** Each output file's content by its path. */
export async function filesOf(client: RawClient, { result }: Seen): Promise<Record<string, string>> {
  const files: Record<string, string> = {}
  for (const file of result.getOutputFilesList()) {
    files[file.getPath()] = (await bytesOf(client, file.getDigest())).toString()
  }
  return files
}

/** The paths in a result by kind, sorted, without kinds that are not there; links with their targets, from whatever list. */
export function listed({ result }: Seen): Record<string, string[]> {
  const links = [
    ...result.getOutputSymlinksList(),
    ...result.getOutputFileSymlinksList(),
    ...result.getOutputDirectorySymlinksList(),
  ]
  const all = {
    files: result.getOutputFilesList().map((file) => file.getPath()),
    directories: result.getOutputDirectoriesList().map((directory) => directory.getPath()),
    links: [...new Set(links.map((link) => `${link.getPath()} -> ${link.getTarget()}`))],
  }
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, paths]) => paths.length > 0)
      .map(([kind, paths]) => [kind, paths.sort()]),
  )
}
