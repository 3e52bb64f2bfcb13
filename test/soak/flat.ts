/** Something that was measured again and again, in bytes. */
export interface Sample {
  readonly bytes: number
}

/** Less than this is how the garbage collector happens to see it, whatever share of the whole it is. */
const NOISE_BYTES = 8 * 1024 * 1024
const NOISE_SHARE = 0.1

export interface Course {
  /** Medians of the second and of the last third; the first is for warming up. */
  readonly before: number
  readonly after: number
  readonly isFlat: boolean
}

/** Whether what was measured stayed what it was, once everything that is filled once (caches, pools, code) had been filled. */
export function courseOf(samples: readonly Sample[]): Course {
  const third = Math.floor(samples.length / 3)
  if (third === 0) throw new Error(`${samples.length} samples are too few to tell how they go on`)
  const before = median(samples.slice(third, 2 * third))
  const after = median(samples.slice(-third))
  return { before, after, isFlat: after - before <= Math.max(NOISE_BYTES, before * NOISE_SHARE) }
}

function median(samples: readonly Sample[]): number {
  const sorted = samples.map(({ bytes }) => bytes).sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] as number
}
