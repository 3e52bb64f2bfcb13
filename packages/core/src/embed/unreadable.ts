import { GoregoError } from '../errors/index.js'

/** Says which input it is that cannot be read; other errors stay what they are. */
export function unreadable(error: unknown, path: string, what: string): unknown {
  if ((error as NodeJS.ErrnoException).path !== path) return error
  const { message } = error as Error
  return new GoregoError('invalid-argument', `the input ${what} ${path} cannot be read: ${message}`, { cause: error })
}
