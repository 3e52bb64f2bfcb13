import { resolve } from 'node:path'
import type { IdentityFiles, IdentityNames, RemoteServerOptions } from '@gorego/server'
import type { Arguments } from '../command.js'
import type { Host } from '../host.js'
import { UsageError } from '../usage-error.js'
import { REMOTE_FLAGS, type RemoteFlag, variableOf } from './remote-flags.js'

export const DEFAULT_REMOTE = 'grpc://127.0.0.1:50051'

/** A server, and how to connect to it: what RemoteServer and RemoteExecutor take. */
export interface RemoteChoice {
  readonly target: string
  readonly options: RemoteServerOptions
}

const FILES = {
  tokenFile: 'token-file',
  caFile: 'tls-ca',
  certFile: 'tls-cert',
  keyFile: 'tls-key',
} as const satisfies Record<keyof IdentityFiles, RemoteFlag>

/** The server that flags and variables name; the one on this machine where they name none. Throws what is wrong with its files. */
export async function whichRemote(args: Arguments, host: Host): Promise<RemoteChoice> {
  return await choose(namedRemote(args, host) ?? DEFAULT_REMOTE, args, host)
}

/** As `whichRemote`, for a command that can do without one: undefined where none is named. */
export async function maybeRemote(args: Arguments, host: Host): Promise<RemoteChoice | undefined> {
  const target = namedRemote(args, host)
  if (target !== undefined) return await choose(target, args, host)
  refuseIdle(args, '--remote')
  return undefined
}

/** Where a command runs that can do so here: on a server, or here with a cache behind it, or just here. */
export interface RunPlace {
  readonly remote?: RemoteChoice
  readonly cache?: RemoteChoice
}

/** A flag says more than a variable; `--dir` names a directory of this machine, where a command then runs. */
export async function whereToRun(args: Arguments, host: Host): Promise<RunPlace> {
  const isHere = args.text('dir') !== undefined || args.text('remote-cache') !== undefined
  const target = isHere ? undefined : namedRemote(args, host)
  if (target !== undefined) return { remote: await choose(target, args, host) }
  const cache = given('remote-cache', args, host)
  if (cache !== undefined) return { cache: await choose(cache.text, args, host) }
  refuseIdle(args, '--remote or --remote-cache')
  return {}
}

function refuseIdle(args: Arguments, flags: string): void {
  const idle = Object.keys(REMOTE_FLAGS).find((flag) => args.text(flag) !== undefined)
  if (idle !== undefined) throw new UsageError(`--${idle} is of use with ${flags} only`)
}

function namedRemote(args: Arguments, host: Host): string | undefined {
  return given('remote', args, host)?.text
}

async function choose(target: string, args: Arguments, host: Host): Promise<RemoteChoice> {
  const { readIdentity } = await import('@gorego/server')
  const found = Object.entries(FILES).map(([kind, flag]) => [kind, given(flag, args, host), flag] as const)
  const paths = found.map(([kind, file]) => [kind, file && resolve(host.surroundings.cwd, file.text)])
  const names = found.map(([kind, file, flag]) => [kind, file?.name ?? `--${flag}`])
  const warn = (message: string) => host.err.write(`gorego: ${message}\n`)
  const identity = await readIdentity(
    Object.fromEntries(paths) as IdentityFiles,
    Object.fromEntries(names) as IdentityNames,
    { warn },
  )
  return { target, options: { instance: given('instance', args, host)?.text ?? '', ...identity } }
}

/** The flag, or the variable that stands for it; an empty variable counts as none. */
function given(
  flag: RemoteFlag,
  args: Arguments,
  { surroundings }: Host,
): { readonly text: string; readonly name: string } | undefined {
  const text = args.text(flag)
  if (text !== undefined) return { text, name: `--${flag}` }
  const name = variableOf(flag)
  const value = surroundings.env[name]
  return value === undefined || value === '' ? undefined : { text: value, name }
}
