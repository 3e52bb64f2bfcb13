import type { RunnerSetup } from './protocol.js'

/**
 * Whether no action can write to stored files, which belong to whoever runs this and are read-only: so it is where another user runs
 * actions. That user could have kept a file of its own open that became a stored one, where it gets at the files of other slots; it does not in a sandbox,
 * nor where each slot has a user for itself.
 */
export function areInputsSafe({ user, sandbox }: Pick<RunnerSetup, 'user' | 'sandbox'>): boolean {
  if (user === undefined || user.uid === 0 || user.uid === process.geteuid?.()) return false
  return user.exclusive || sandbox !== undefined
}
