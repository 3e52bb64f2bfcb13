import type { Host } from '../host.js'
import { LiveView } from './live-view.js'

/** On a terminal, and for what takes longer than a moment: one line that says how far something is. Elsewhere nothing. */
export class ProgressLine implements Disposable {
  readonly #host: Host
  readonly #timer: NodeJS.Timeout | undefined
  #view: LiveView | undefined

  /** `line`: what is said just now, without a line break; it is asked several times a second. */
  constructor(host: Host, line: () => string) {
    this.#host = host
    if (!host.err.isTerminal || host.surroundings.env.TERM === 'dumb') return
    const show = () => {
      this.#view = new LiveView({ host, lines: () => [`gorego: ${line()}`] })
    }
    if (host.patienceMs === 0) show()
    else this.#timer = setTimeout(show, host.patienceMs).unref()
  }

  /** Whole lines for standard output, which may be the same terminal. */
  print(text: string): void {
    if (this.#view === undefined) this.#host.out(text)
    else this.#view.above(() => this.#host.out(text))
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#view?.[Symbol.dispose]()
  }
}
