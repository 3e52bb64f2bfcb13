import type { ActionExecutor, ActionRun } from './executor.js'
import type { Outcome } from './operation.js'

/** What became of a run that could wait: its outcome, or that nobody had a slot for it. */
export type SpareRun =
  | { readonly kind: 'ran'; readonly outcome: Outcome }
  /** There was no slot, or not for long enough. */
  | { readonly kind: 'no-slot' }
  /** It ran, and was ended because somebody needed the slot. */
  | { readonly kind: 'displaced' }

/**
 * An executor with a slot to spare, now and then: one run at a time that nobody waits for may have it, and loses it to the first
 * action that would have to wait otherwise. So it costs others no more than it takes to end a command.
 */
export class SpareTime implements ActionExecutor {
  readonly #executor: ActionExecutor
  readonly #now: () => number
  #wanted = 0
  /** When all slots were taken the last time. */
  #fullAt = Number.NEGATIVE_INFINITY
  #spare: { readonly abort: AbortController; readonly ended: Promise<unknown> } | undefined

  /** `now`: milliseconds of any clock that does not jump. */
  constructor(executor: ActionExecutor, now = () => performance.now()) {
    this.#executor = executor
    this.#now = now
  }

  get slots(): number {
    return this.#executor.slots
  }

  async execute(run: ActionRun, signal: AbortSignal): Promise<Outcome> {
    this.#wanted++
    try {
      if (this.#spare !== undefined && this.#wanted >= this.slots) {
        this.#spare.abort.abort()
        await this.#spare.ended
      }
      return await this.#executor.execute(run, signal)
    } finally {
      if (this.#wanted >= this.slots) this.#fullAt = this.#now()
      this.#wanted--
    }
  }

  /** Whether for so many milliseconds there has been a slot that nobody wanted. */
  isIdle(quietMs: number): boolean {
    return this.#spare === undefined && this.#wanted < this.slots && this.#now() - this.#fullAt >= quietMs
  }

  /** Runs it if it is idle. */
  async executeIfIdle(run: ActionRun, quietMs: number, signal: AbortSignal): Promise<SpareRun> {
    if (!this.isIdle(quietMs)) return { kind: 'no-slot' }
    const abort = new AbortController()
    const running = this.#executor.execute(run, AbortSignal.any([abort.signal, signal]))
    const spare = { abort, ended: running.catch(() => {}) }
    this.#spare = spare
    try {
      const outcome = await running
      return abort.signal.aborted ? { kind: 'displaced' } : { kind: 'ran', outcome }
    } finally {
      this.#spare = undefined
    }
  }
}
