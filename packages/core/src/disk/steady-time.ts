/**
 * A clock that never goes back. The system's can be set back by an hour; what was to be kept for five minutes from then
 * on would be kept for 65.
 */
export function steadyTime(now: () => number): () => number {
  let last = Number.NEGATIVE_INFINITY
  let lost = 0
  return () => {
    const shown = now()
    if (shown < last) lost += last - shown
    last = shown
    return shown + lost
  }
}
