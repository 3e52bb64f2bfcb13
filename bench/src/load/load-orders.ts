import type { LoopResult } from './closed-loop.js'

/** What a load generator is told; it answers with Prepared and with Loaded. */
export type LoadOrder =
  | { readonly prepare: { readonly workload: string; readonly address: string; readonly seconds: number } }
  | { readonly run: true }

export interface Prepared {
  readonly prepared: true
}

export interface Loaded {
  readonly loop: LoopResult
  /** CPU time of the load generator meanwhile. */
  readonly clientCpuMs: number
}
