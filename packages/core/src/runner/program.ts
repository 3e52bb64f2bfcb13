import { accessSync, constants, statSync } from 'node:fs'
import { GoregoError } from '../errors/index.js'

/** Where a bare program name is looked for when the Command does not set PATH. */
const DEFAULT_PATH = '/usr/local/bin:/usr/bin:/bin'

/**
 * CM-01: which file argv[0] means. With a slash it is a path, from the working directory if relative; without one it is
 * looked up in the Command's PATH, relative entries of which count from the working directory as well. `isThere`: whether the
 * command gets to a path at all, from where it runs.
 */
export function findProgram(
  name: string,
  path: string | undefined,
  workingDirectory: string,
  isThere: (path: string) => boolean = () => true,
): string {
  if (name === '')
    throw new GoregoError('invalid-argument', 'the first argument of the command is empty: it must name a program')
  if (name.includes('/')) {
    if (name.startsWith('/') && !isThere(name) && isProgram(name)) throw notShown(name)
    return name
  }
  let unseen: string | undefined
  for (const directory of (path ?? DEFAULT_PATH).split(':')) {
    const candidate = `${directory === '' ? '.' : directory}/${name}`
    const absolute = candidate.startsWith('/') ? candidate : `${workingDirectory}/${candidate}`
    if (!isProgram(absolute)) continue
    if (isThere(absolute)) return candidate
    unseen ??= candidate
  }
  if (unseen !== undefined) throw notShown(unseen)
  throw new GoregoError(
    'invalid-argument',
    `there is no program ${JSON.stringify(name)} in ${path === undefined ? `${DEFAULT_PATH} (the command sets no PATH)` : `the command's PATH, ${path}`}`,
  )
}

function notShown(program: string): GoregoError {
  return new GoregoError(
    'invalid-argument',
    `${JSON.stringify(program)} cannot be run: it is on this worker, but the sandbox does not show it to actions; the setting execution.sandbox_mounts can add its directory`,
  )
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return statSync(path).isFile()
  } catch {
    return false
  }
}

/** Says why a program could not be started, in the terms of whoever wrote the command. */
export function startFailure(error: NodeJS.ErrnoException, program: string): GoregoError {
  const name = JSON.stringify(program)
  switch (error.code) {
    case 'ENOENT':
      return new GoregoError(
        'invalid-argument',
        `${name} cannot be run: it, or the interpreter that it names, does not exist on this worker`,
      )
    case 'EACCES':
      return new GoregoError('invalid-argument', `${name} cannot be run: it is not an executable file`)
    case 'E2BIG':
      return new GoregoError(
        'invalid-argument',
        'the arguments and environment of the command together are larger than this system allows; pass them in a file',
      )
    case 'ENAMETOOLONG':
    case 'ENOEXEC':
    case 'ENOTDIR':
    case 'ELOOP':
      return new GoregoError('invalid-argument', `${name} cannot be run: ${error.message}`)
    default:
      return GoregoError.from(error)
  }
}
