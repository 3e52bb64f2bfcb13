import { GoregoError } from '../errors/index.js'
import type { PlainFailure } from './protocol.js'
import type { CommandEnd } from './run-command.js'
import { signalNumbered } from './signal-numbered.js'

/** So many outputs that were not made are named. */
const NAMED = 5

/** Why a command did not finish; undefined for one that ended by itself (ER-01). */
export function stopFailure(
  { stopped, cut }: CommandEnd,
  limits: { readonly timeoutMs: number; readonly maxPrintedBytes: number },
): PlainFailure | undefined {
  switch (stopped) {
    case undefined:
      return undefined
    case 'cancelled':
      return failure('cancelled', 'the action was cancelled')
    case 'timeout':
      return failure(
        'deadline-exceeded',
        `the command was stopped after its time limit of ${limits.timeoutMs / 1000} s${dropped(cut, limits.maxPrintedBytes)}`,
      )
    case 'printed':
      // Not resource-exhausted: clients would try again, and get the same.
      return failure(
        'failed-precondition',
        `the command wrote more than ${limits.maxPrintedBytes / 1e6} MB to ${cut.join(' and ') || 'its output'} and was stopped; the rest was dropped (execution.max_stdout_mb)`,
      )
  }
}

/** Names and paths come from the client, and some are longer than the system takes. */
export function failureOf(thrown: unknown): PlainFailure {
  if ((thrown as NodeJS.ErrnoException).code === 'ENAMETOOLONG') {
    return failure('invalid-argument', 'a path of the action is longer than this system allows')
  }
  const { code, message, details } = GoregoError.from(thrown)
  return { code, message, details }
}

function failure(code: PlainFailure['code'], message: string): PlainFailure {
  return { code, message, details: [] }
}

/** One line about a command that ended by itself (ER-05); empty where everything went as it should. */
export function describeEnd(end: CommandEnd, notMade: readonly string[]): string {
  const parts: string[] = []
  if (end.exitCode !== 0) parts.push(`${exitOf(end)} after ${(end.durationMs / 1000).toFixed(2)} s`)
  if (notMade.length > 0) {
    const more = notMade.length > NAMED ? ` and ${notMade.length - NAMED} more` : ''
    const names = notMade.slice(0, NAMED).map((path) => JSON.stringify(path))
    parts.push(`outputs that were not made: ${names.join(', ')}${more}`)
  }
  return parts.join('; ')
}

/** For a command that was stopped for another reason, and wrote too much until it ended. */
function dropped(cut: readonly string[], maxPrintedBytes: number): string {
  if (cut.length === 0) return ''
  return `; of what it wrote to ${cut.join(' and ')}, the first ${maxPrintedBytes / 1e6} MB were kept`
}

function exitOf({ exitCode, signal, stopped }: CommandEnd): string {
  if (signal !== undefined) {
    const why = stopped === undefined ? hint(signal) : ''
    return `the command was ended by signal ${signal} (exit code ${exitCode})${why}`
  }
  // A shell reports so what ended the program that it ran.
  const reported = signalNumbered(exitCode - 128)
  if (reported === undefined) return `exit code ${exitCode}`
  return `exit code ${exitCode}, which is how a shell reports signal ${reported}${hint(reported)}`
}

/** Nobody here sends that one to a command that is not over its limits. */
function hint(signal: string): string {
  return signal === 'SIGKILL' ? ', often a sign that memory ran out,' : ''
}
