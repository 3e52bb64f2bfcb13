import type { Progress } from '@gorego/core'
import type { Host } from '../host.js'
import { showDuration } from './amounts.js'
import { LiveView } from './live-view.js'

/** What takes less is not worth a word. */
const QUIET_MS = 1000

const STAGES: Readonly<Partial<Record<Progress['stage'], string>>> = {
  preparing: 'preparing inputs',
  'cache-check': 'looking into the cache',
  queued: 'waiting for a slot',
  executing: 'running',
}

/** On a terminal, and after a second: what an action is at, and for how long. */
export class RunProgress implements Disposable {
  #stage: Progress['stage'] = 'preparing'
  #since = performance.now()
  readonly #timer: NodeJS.Timeout | undefined
  #view: LiveView | undefined

  constructor(host: Host) {
    if (!host.err.isTerminal || host.surroundings.env.TERM === 'dumb') return
    this.#timer = setTimeout(() => {
      this.#view = new LiveView({ host, lines: () => [this.#line()] })
    }, QUIET_MS).unref()
  }

  readonly follow = ({ stage }: Progress): void => {
    if (stage === this.#stage) return
    this.#stage = stage
    this.#since = performance.now()
  };

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#view?.[Symbol.dispose]()
  }

  #line(): string {
    return `gorego: ${STAGES[this.#stage] ?? 'fetching outputs'}, ${showDuration(performance.now() - this.#since)}`
  }
}
