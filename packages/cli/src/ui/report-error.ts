import { inspect } from 'node:util'
import type { Host } from '../host.js'
import { UsageError } from '../usage-error.js'
import { EXIT, exitCodeOf } from './exit-codes.js'
import { isSystemError } from './file-problem.js'

/** Says on standard error what went wrong and what to do about it; returns the exit code. `called`: the command, as in `gorego cas get`. */
export async function reportError(error: unknown, { err }: Host, called = 'gorego'): Promise<number> {
  const say = (text: string) => err.write(`${err.hasColours ? '\u001b[31mgorego:\u001b[39m' : 'gorego:'} ${text}\n`)
  if (error instanceof UsageError) {
    say(error.message)
    err.write(`See ${error.seeAlso ?? `${called} --help`}\n`)
    return EXIT.usage
  }
  const { GoregoError } = await import('@gorego/core')
  if (error instanceof GoregoError) {
    say(error.message)
    return exitCodeOf(error.code)
  }
  if (isSystemError(error)) say(error.message)
  else say(`a mistake of gorego's own; please report it:\n${inspect(error)}`)
  return EXIT.internal
}
