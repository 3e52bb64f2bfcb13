import { isAbsolute, join, resolve } from 'node:path'

/** What the process was started in. Handed in by the program, so that nothing here reads it behind anybody's back. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly home: string
  readonly platform: NodeJS.Platform
}

/** The user's own directory for what can be made again. Nothing else of gorego lies outside it unless told so. */
export function userCacheDirectory({ env, home, platform }: Surroundings): string {
  const { XDG_CACHE_HOME = '' } = env
  // The XDG specification: relative paths are to be ignored.
  if (isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, 'gorego')
  return platform === 'darwin' ? join(home, 'Library', 'Caches', 'gorego') : join(home, '.cache', 'gorego')
}

/** An absolute path. No shell has expanded `~/` in a file, and nobody means a directory of that name. */
export function resolvePath(path: string, base: string, home: string): string {
  if (path === '~' || path.startsWith('~/')) return join(home, path.slice(1))
  return resolve(base, path)
}
