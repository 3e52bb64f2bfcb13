import { lstatSync, readlinkSync, realpathSync } from 'node:fs'
import { GoregoError } from '../errors/index.js'
import { type HostView, SANDBOX_ROOT } from './sandbox.js'

/** Where systems keep programs and what those need; of other systems, what is not there is not shown. */
const SYSTEM = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/opt',
  '/nix/store',
  '/gnu/store',
]

/** Where the sandbox has something of its own. */
const ITS_OWN = ['/', '/dev', '/proc', '/tmp', '/var', '/var/tmp', SANDBOX_ROOT]

/** Where the names of the network are looked up, often a link to somewhere else. */
const RESOLVER = '/etc/resolv.conf'

export interface HostViewOptions {
  /** Absolute paths to show beside the system's own directories. */
  readonly mounts?: readonly string[]
  /** Directories that no action may see: what others keep there is not its business. */
  readonly hidden: readonly string[]
}

/** What of this machine actions are to see. Throws `invalid-argument` for what cannot be shown. */
export function viewOfHost({ mounts = [], hidden }: HostViewOptions): HostView {
  const shown = new Set<string>()
  const links: { path: string; target: string }[] = []
  const kept = hidden.flatMap((path) => realPath(path) ?? [])
  for (const path of SYSTEM) {
    const stats = lstatSync(path, { throwIfNoEntry: false })
    if (stats?.isSymbolicLink()) links.push({ path, target: readlinkSync(path) })
    else if (stats !== undefined) shown.add(path)
  }
  for (const path of mounts) shown.add(checked(path, kept))
  const resolver = realPath(RESOLVER)
  if (resolver !== undefined && ![...shown].some((path) => isIn(resolver, path))) shown.add(resolver)
  return { shown: [...shown], links, hidden: kept.filter((path) => [...shown].some((above) => isIn(path, above))) }
}

function checked(path: string, hidden: readonly string[]): string {
  const refuse = (why: string) =>
    new GoregoError(
      'invalid-argument',
      `actions cannot be shown ${JSON.stringify(path)} (execution.sandbox_mounts): ${why}`,
    )
  if (!path.startsWith('/') || path.includes('\0')) throw refuse('it is no absolute path')
  const clean = path.replace(/\/+$/, '') || '/'
  if (ITS_OWN.includes(clean) || /^\/(tmp|proc|dev)\//.test(clean) || isIn(clean, SANDBOX_ROOT)) {
    throw refuse('the sandbox has something of its own there')
  }
  const real = realPath(clean)
  if (real === undefined) throw refuse('there is no such file or directory')
  if (hidden.some((kept) => isIn(real, kept))) throw refuse('it is where gorego keeps its cache or runs actions')
  return clean
}

function isIn(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`)
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync.native(path)
  } catch {
    return undefined
  }
}
