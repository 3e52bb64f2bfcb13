import type { LoopResult } from '../load/closed-loop.js'

/** What the benchmark says to the process that embeds the engine … */
export interface RunOrder {
  readonly seconds: number
}

/** … and what it hears back. */
export type RunReport = { readonly loop: LoopResult } | { readonly error: string }
