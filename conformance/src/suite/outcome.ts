import type { Level } from '../requirements/index.js'

/**
 * What became of a case. `failed`: the server breaks what it must keep. `short`: something that it should do, and does not.
 * `differs`: the protocol leaves it open, and the server chose otherwise than we did. `not-applicable`: it was not tried,
 * and `why` says for what reason.
 */
export type Verdict = 'passed' | 'failed' | 'short' | 'differs' | 'not-applicable'

export interface Outcome {
  /** The case's title without its ids. */
  readonly title: string
  readonly ids: readonly string[]
  readonly verdict: Verdict
  /** What went wrong, or why it was not tried. */
  readonly why?: string
  readonly seconds: number
}

const VERDICTS: Record<Level, Verdict> = { M: 'failed', C: 'failed', S: 'short', D: 'differs' }
const STRICTEST: readonly Level[] = ['M', 'C', 'S', 'D']

/**
 * How a failure weighs: by the strictest of the requirements that the case is named after. Our own server has made its
 * choices, so that there every failure is one.
 */
export function weigh(levels: readonly Level[], ours: boolean): Verdict {
  const strictest = STRICTEST.find((level) => levels.includes(level)) ?? 'M'
  return ours ? 'failed' : VERDICTS[strictest]
}

/** Thrown by a case that finds that it cannot be tried on this server. */
export class NotApplicable extends Error {
  override readonly name = 'NotApplicable'
}
