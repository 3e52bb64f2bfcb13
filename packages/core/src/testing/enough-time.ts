import { HANG_BOUND_MS } from './hang-bound.js'

/**
 * For what has to come before a time limit is over, on a machine of which nobody knows how fast it is: attempts it with longer
 * and longer limits, in milliseconds, until `came` says that there was time. Returns the last attempt.
 */
export async function enoughTime<Seen>(
  limitMs: number,
  attempt: (limitMs: number) => Promise<Seen>,
  came: (seen: Seen) => boolean | Promise<boolean>,
): Promise<Seen> {
  const seen = await attempt(limitMs)
  if ((await came(seen)) || limitMs > HANG_BOUND_MS / 4) return seen
  return await enoughTime(2 * limitMs, attempt, came)
}
