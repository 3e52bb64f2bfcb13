import type { ErrorCode } from '@gorego/core'

/** What gorego itself exits with. `gorego run` otherwise exits with the command's own code. */
export const EXIT = {
  ok: 0,
  bad: 1,
  usage: 64,
  unavailable: 69,
  internal: 70,
  timeout: 124,
  interrupted: 130,
  terminated: 143,
} as const

/** For --help and the documentation. */
export const EXIT_MEANINGS: readonly (readonly [code: number, meaning: string])[] = [
  [EXIT.ok, 'done; for "start": stopped as it was asked to'],
  [EXIT.bad, 'what was looked at is not well: a blob is corrupt, an action failed, a check did'],
  [EXIT.usage, 'the command line, the configuration or the action makes no sense'],
  [EXIT.unavailable, 'no server answers, it refuses, or the address to listen on is taken'],
  [EXIT.internal, 'the system failed us (a full disk, missing permissions), or gorego did'],
  [EXIT.timeout, 'the command did not end within its time limit'],
  [EXIT.interrupted, 'interrupted (Ctrl-C)'],
  [EXIT.terminated, 'told to end (SIGTERM), before it was done'],
]

/** The exit code for an error of the engine. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case 'invalid-argument':
    case 'failed-precondition':
    case 'not-found':
    case 'out-of-range':
    case 'unimplemented':
      return EXIT.usage
    case 'unavailable':
    case 'resource-exhausted':
    case 'permission-denied':
    case 'unauthenticated':
      return EXIT.unavailable
    case 'deadline-exceeded':
      return EXIT.timeout
    default:
      return EXIT.internal
  }
}

/** A list of codes for the end of a command's help. */
export function exitCodeHelp(intro: string, codes: readonly number[]): string {
  const lines = EXIT_MEANINGS.filter(([code]) => codes.includes(code)).map(
    ([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`,
  )
  return [intro, ...lines].join('\n')
}
