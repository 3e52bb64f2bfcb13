import type { LoopResult } from '../load/closed-loop.js'

/** What the benchmark says to a process that loads itself … */
export interface LoopOrder {
  readonly seconds: number
}

/** … and what it hears back. */
export type LoopReport = { readonly loop: LoopResult } | { readonly error: string }
