import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { showBytes } from '../../ui/amounts.js'
import { EXIT } from '../../ui/exit-codes.js'
import { withFile } from '../../ui/file-problem.js'
import { jsonText } from '../../ui/json-text.js'
import { ProgressLine } from '../../ui/progress-line.js'
import { UsageError } from '../../usage-error.js'
import { REMOTE_EXIT_CODES } from '../remote-exit-codes.js'
import { BLOB_STEPS } from '../remote-next-steps.js'

export const get: Command = {
  name: 'get',
  usage: '[flags] DIGEST',
  summary: 'Fetch a blob',
  description: 'Fetches a blob to standard output or into a file, and checks that it is what its digest says.',
  flags: {
    output: {
      type: 'string',
      alias: 'o',
      requiresArg: true,
      describe: 'Write it into this file, which is there only when it is whole and right',
      defaultDescription: 'standard output',
    },
    json: { type: 'boolean', describe: 'With --output: print digest, size and path as one JSON document' },
    ...REMOTE_FLAGS,
  },
  operands: { what: 'DIGEST', atLeast: 1, atMost: 1 },
  examples: [['gorego cas get 9f86d081…/142 --output main.o', 'digests are written hash/size, or function/hash/size']],
  epilogue: `On standard output the check comes after the bytes: look at the exit code.\n\n${REMOTE_EXIT_CODES}`,
  takesCommandLine: false,
  run: fetchBlob,
}

async function fetchBlob(args: Arguments, host: Host): Promise<number> {
  const { parseDigest, readChecked } = await import('@gorego/core')
  const digest = parseDigest(args.operands[0] ?? '')
  const output = args.text('output')
  if (output === undefined && args.has('json')) {
    throw new UsageError(
      '--json: standard output has the blob; say where it goes instead: --output',
      'gorego cas get --help',
    )
  }
  return await withRemote(
    args,
    host,
    async ({ blobs }, signal) => {
      let bytes = 0
      // Not into the bytes.
      using _progress =
        output !== undefined || !host.outIsTerminal
          ? new ProgressLine(host, () => `${showBytes(bytes)} of ${showBytes(digest.sizeBytes)} came`)
          : undefined
      const chunks = counted(readChecked(blobs, digest, signal), (count) => {
        bytes += count
      })
      if (output === undefined) {
        await host.pass(chunks, 'stdout')
        return EXIT.ok
      }
      const path = resolve(host.surroundings.cwd, output)
      await withFile(`--output ${output}`, () => writeWhole(path, chunks))
      if (args.has('json')) host.out(jsonText({ digest: String(digest), bytes: digest.sizeBytes, path }))
      return EXIT.ok
    },
    BLOB_STEPS,
  )
}

async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: (count: number) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk
    onBytes(chunk.length)
  }
}

/** Beside its place first: nobody sees half of it. */
async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const beside = `${path}.${process.pid}.part`
  try {
    await pipeline(Readable.from(chunks), createWriteStream(beside, { flags: 'wx' }))
    await rename(beside, path)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}
