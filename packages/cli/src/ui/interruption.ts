import type { Host } from '../host.js'
import { StopRequests, type StopSignal, stopExitCode } from './stop-requests.js'

/** Ctrl-C, or being told to end, as a signal for what is under way; the second time the process leaves at once. */
export class Interruption implements Disposable {
  readonly #stop = new AbortController()
  readonly #requests: StopRequests
  readonly #lastWishes = new Set<() => void>()
  #exitCode: number | undefined

  constructor(host: Pick<Host, 'signals' | 'exit'>, now?: () => number) {
    const onStop = (signal: StopSignal, times: number) => {
      this.#exitCode = stopExitCode(signal)
      if (times > 1) {
        for (const wish of this.#lastWishes) wish()
        host.exit(this.#exitCode)
      }
      this.#stop.abort()
    }
    this.#requests = new StopRequests(host.signals, onStop, now)
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** What gorego exits with; undefined where nobody has interrupted it. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  /** Is done before the process leaves at once, and so must be quick; until that is disposed of. May not throw. */
  beforeLeaving(wish: () => void): Disposable {
    this.#lastWishes.add(wish)
    return { [Symbol.dispose]: () => void this.#lastWishes.delete(wish) }
  }

  [Symbol.dispose](): void {
    this.#requests[Symbol.dispose]()
  }
}
