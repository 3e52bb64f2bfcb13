import { GoregoError } from '../errors/index.js'

/** What patterns mean; paths are relative to where they count from, with `/` between segments. */
export interface GlobMatcher {
  /** Whether something below this directory can match. */
  mayHold(directory: string): boolean
  /** Whether a file or symbolic link at this path is wanted. */
  matches(path: string): boolean
  /** Patterns that nothing has matched so far. */
  readonly unmatched: readonly string[]
}

type Test = (path: string) => boolean

interface Wanted {
  readonly pattern: string
  readonly test: Test
  readonly mayHold: Test
}

type Compile = typeof import('picomatch')['default']

/**
 * Compiles patterns as shells and .gitignore have them: `*` and `?` inside a segment, `**` for any number of them, `{a,b}`, `[abc]`. Those that
 * begin with `!` leave out, wherever they stand; a directory that one of them matches is left out with everything in it. Throws
 * `invalid-argument` for one that is absolute or leads up, and where none says what is wanted.
 */
export async function compileGlob(patterns: readonly string[], dotfiles: boolean): Promise<GlobMatcher> {
  // Loaded by those who need it.
  const { default: compile } = await import('picomatch')
  const given = patterns.map((pattern) => ({ pattern, unwanted: /^!(?!\()/.test(pattern) }))
  const wanted = given
    .filter(({ unwanted }) => !unwanted)
    .map(({ pattern }) => compileWanted(compile, pattern, checked(pattern, pattern), dotfiles))
  if (wanted.length === 0)
    throw new GoregoError('invalid-argument', `the glob ${quoted(patterns)} has no pattern that says what is wanted`)
  const unwanted = given
    .filter(({ unwanted }) => unwanted)
    .map(({ pattern }) => compile(checked(pattern.slice(1), pattern), { dot: true }))
  const isLeftOut = (path: string) => unwanted.some((test) => test(path))
  const found = new Set<string>()
  return {
    mayHold: (directory) => wanted.some((one) => one.mayHold(directory)) && !isLeftOut(directory),
    matches(path) {
      const by = wanted.filter(({ test }) => test(path))
      if (by.length === 0 || isLeftOut(path)) return false
      for (const { pattern } of by) found.add(pattern)
      return true
    },
    get unmatched() {
      return wanted.map(({ pattern }) => pattern).filter((pattern) => !found.has(pattern))
    },
  }
}

function compileWanted(compile: Compile, pattern: string, path: string, dot: boolean): Wanted {
  // `strictSlashes`: `a/**` is what is in a, and not a itself, which may be a symbolic link.
  const options = { dot, nonegate: true, strictSlashes: true }
  const [isMatch, mayHold] = [compile(path, options), holder(compile, path, dot)]
  // A range like `[,-0]` has a slash in it. As in shells, it matches none.
  return { pattern, test: (file) => isMatch(file) && directoriesOf(file).every(mayHold), mayHold }
}

function directoriesOf(path: string): string[] {
  const names = path.split('/')
  return names.slice(1).map((_, n) => names.slice(0, n + 1).join('/'))
}

/**
 * Looks at the segments that a path has to begin with. Behind the first one that can stand for several, everything is possible; a brace or
 * a parenthesis may have a slash in it, and is no segment then.
 */
function holder(compile: Compile, pattern: string, dot: boolean): Test {
  const segments = pattern.split('/')
  const certain = segments.findIndex((segment) => /[{(]|\*\*/.test(segment))
  const tests = segments
    .slice(0, certain < 0 ? -1 : certain)
    .map((segment) => compile(segment, { dot, nonegate: true }))
  const isDeep = certain >= 0
  // Names that begin with a dot have to be asked for; `!(…)` asks for all but some, a class for what is in it.
  const hasDots = dot || /(^|[/{,(|\\])\.|!\(|\[/.test(pattern)
  return (directory) => {
    const names = directory.split('/')
    if (!isDeep && names.length > tests.length) return false
    return names.every((name, n) => tests[n]?.(name) ?? (hasDots || !name.startsWith('.')))
  }
}

function checked(pattern: string, shown: string): string {
  const path = pattern.replace(/^(\.\/)+/, '')
  const why =
    path === ''
      ? 'is empty'
      : path.startsWith('/')
        ? 'is absolute: patterns count from the directory that `from` says'
        : path.split('/').some((segment) => segment === '..' || segment === '.' || segment === '')
          ? 'has an empty segment, or one that leads nowhere or up'
          : hasSlashInClass(path)
            ? 'has a slash between [ and ], which stand for one character of a name; write {a/b,c} for several paths, or \\[ for a bracket'
            : path.includes('\0') || path.length > LONGEST
              ? `has a NUL byte, or more than ${LONGEST} characters`
              : undefined
  if (why === undefined) return path
  throw new GoregoError('invalid-argument', `the glob pattern ${quoted([shown.slice(0, 200)])} ${why}`)
}

/** A bracket that opens at once is no end: `[]a]` has both. */
function hasSlashInClass(path: string): boolean {
  let [start, hasSlash] = [-1, false]
  for (let at = 0; at < path.length; at++) {
    const character = path[at]
    if (character === '\\') at++
    else if (start < 0 && character === '[') {
      ;[start, hasSlash] = [at, false]
      if (path[at + 1] === '!' || path[at + 1] === '^') start = ++at
    } else if (start >= 0 && character === '/') hasSlash = true
    else if (start >= 0 && character === ']' && at > start + 1) {
      if (hasSlash) return true
      start = -1
    }
  }
  return false
}

/** Nobody writes longer ones by hand, and they are compiled. */
const LONGEST = 4096

export function quoted(patterns: readonly string[]): string {
  return patterns.map((pattern) => JSON.stringify(pattern)).join(', ')
}
