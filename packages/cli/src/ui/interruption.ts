import type { Host } from '../host.js'
import { StopRequests, stopExitCode } from './stop-requests.js'

/** Ctrl-C, or being told to end, as a signal for what is under way; the second time the process leaves at once. */
export class Interruption implements Disposable {
  readonly #stop = new AbortController()
  readonly #requests: StopRequests
  #exitCode: number | undefined

  constructor(host: Host) {
    this.#requests = new StopRequests(host.signals, (signal, times) => {
      this.#exitCode = stopExitCode(signal)
      if (times > 1) host.exit(this.#exitCode)
      this.#stop.abort()
    })
  }

  get signal(): AbortSignal {
    return this.#stop.signal
  }

  /** What gorego exits with; undefined where nobody has interrupted it. */
  get exitCode(): number | undefined {
    return this.#exitCode
  }

  [Symbol.dispose](): void {
    this.#requests[Symbol.dispose]()
  }
}
