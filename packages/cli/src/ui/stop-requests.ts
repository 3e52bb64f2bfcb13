import type { EventEmitter } from 'node:events'
import { EXIT } from './exit-codes.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
export type StopSignal = (typeof SIGNALS)[number]

/** What gorego exits with when it leaves because of a signal. */
export function stopExitCode(signal: StopSignal): number {
  return signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated
}

/** npm and npx pass a Ctrl-C on that the terminal has sent to us already: signals so close together are one request. */
const SAME_REQUEST_MS = 500

/** A person or a supervisor wants the process to end: once is a request, twice an order. */
export class StopRequests implements Disposable {
  readonly #emitter: EventEmitter
  readonly #onSignal: (signal: StopSignal) => void

  constructor(
    emitter: EventEmitter,
    onStop: (signal: StopSignal, times: number) => void,
    now = () => performance.now(),
  ) {
    let times = 0
    let last = Number.NEGATIVE_INFINITY
    this.#emitter = emitter
    this.#onSignal = (signal) => {
      if (now() - last < SAME_REQUEST_MS) return
      last = now()
      onStop(signal, ++times)
    }
    for (const signal of SIGNALS) emitter.on(signal, this.#onSignal)
  }

  [Symbol.dispose](): void {
    for (const signal of SIGNALS) this.#emitter.off(signal, this.#onSignal)
  }
}
