import {
  appendFileSync,
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'

/** What a command may do to two paths, each the n-th of those that there are. */
const deeds: Record<string, (at: string, other: string) => void> = {
  overwrite: (at) => writeFileSync(at, 'altered'),
  'overwrite and put the times back': (at) => {
    const { atimeMs, mtimeMs, size } = lstatSync(at)
    writeFileSync(at, 'z'.repeat(size))
    utimesSync(at, atimeMs / 1000, mtimeMs / 1000)
  },
  append: (at) => appendFileSync(at, 'more'),
  truncate: (at) => truncateSync(at),
  remove: (at) => rmSync(at, { recursive: true, force: true }),
  'remove and make again': (at) => {
    const bytes = readFileSync(at)
    rmSync(at)
    writeFileSync(at, bytes, { mode: 0o444 })
    utimesSync(at, 946_684_800, 946_684_800)
  },
  rename: (at, other) => renameSync(at, other),
  'change places': (at, other) => {
    const between = `${at}-between`
    renameSync(at, between)
    renameSync(other, at)
    renameSync(between, other)
  },
  'away and back': (at) => {
    renameSync(at, `${at}-away`)
    renameSync(`${at}-away`, at)
  },
  link: (at, other) => linkSync(at, `${other}-link`),
  'link over': (at, other) => {
    rmSync(other, { recursive: true })
    linkSync(at, other)
  },
  'make a symbolic link': (at, other) => {
    rmSync(at, { recursive: true })
    symlinkSync(relative(dirname(at), other), at)
  },
  'make a directory': (at) =>
    mkdirSync(lstatSync(at).isDirectory() ? join(at, 'made', 'deep') : `${at}-made`, { recursive: true }),
  'make a file': (at) => writeFileSync(lstatSync(at).isDirectory() ? join(at, 'made') : `${at}-made`, 'made'),
  'make a file with a strange name': (at) =>
    writeFileSync(
      Buffer.concat([Buffer.from(lstatSync(at).isDirectory() ? `${at}/` : at), Buffer.from([0xff, 0xfe])]),
      '',
    ),
  'chmod 0': (at) => chmodSync(at, 0),
  'chmod 777': (at) => chmodSync(at, 0o777),
  'chmod and back': (at) => {
    const { mode } = lstatSync(at)
    chmodSync(at, 0o700)
    chmodSync(at, mode)
  },
  touch: (at) => utimesSync(at, 1, 1),
}

export const DEEDS: readonly string[] = Object.keys(deeds)

/** `what`: one of DEEDS. */
export interface Deed {
  readonly what: string
  readonly at: number
  readonly other: number
}

/** Everything below a path, what lies beside it and above it included. */
function pathsIn(place: string): string[] {
  const paths = [place]
  for (const path of paths) {
    if (!lstatSync(path).isDirectory()) continue
    try {
      for (const entry of readdirSync(path)) if (existsSync(join(path, entry))) paths.push(join(path, entry))
    } catch {
      // Closed by an earlier deed; root looks in all the same.
    }
  }
  return paths
}

/** Deeds follow symbolic links, and this test may be run by root: what leads out of the place is never touched. */
function isInside(path: string, place: string): boolean {
  const real = realpathSync(path)
  return real === place || real.startsWith(`${place}/`)
}

/** Does them one after the other; what cannot be done is left. */
export function doDeeds(list: readonly Deed[], place: string): void {
  for (const { what, at, other } of list) {
    if (!existsSync(place)) return
    const paths = pathsIn(place)
    const nth = (n: number) => paths[n % paths.length] ?? place
    try {
      if (isInside(nth(at), realpathSync(place)) && isInside(nth(other), realpathSync(place)))
        deeds[what]?.(nth(at), nth(other))
    } catch {
      // Not everything can be done to everything.
    }
  }
}
