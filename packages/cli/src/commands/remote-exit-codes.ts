import { EXIT, exitCodeHelp } from '../ui/exit-codes.js'

/** For the help of commands that ask a server. */
export const REMOTE_EXIT_CODES = exitCodeHelp('Exit codes:', [
  EXIT.ok,
  EXIT.usage,
  EXIT.unavailable,
  EXIT.internal,
  EXIT.interrupted,
  EXIT.terminated,
])

/** The same for those that judge what they see. */
export const JUDGING_EXIT_CODES = exitCodeHelp('Exit codes:', [
  EXIT.ok,
  EXIT.bad,
  EXIT.usage,
  EXIT.unavailable,
  EXIT.internal,
  EXIT.interrupted,
  EXIT.terminated,
])
