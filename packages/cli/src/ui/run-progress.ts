import type { Progress } from '@gorego/core'
import type { Host } from '../host.js'
import { showDuration } from './amounts.js'
import { ProgressLine } from './progress-line.js'

const STAGES: Readonly<Partial<Record<Progress['stage'], string>>> = {
  preparing: 'preparing inputs',
  'cache-check': 'looking into the cache',
  queued: 'waiting for a slot',
  executing: 'running',
}

/** What an action is at, and for how long. */
export class RunProgress implements Disposable {
  #stage: Progress['stage'] = 'preparing'
  #since = performance.now()
  readonly #line: ProgressLine

  constructor(host: Host) {
    this.#line = new ProgressLine(host, () => {
      const stage = STAGES[this.#stage] ?? 'fetching outputs'
      return `${stage}, ${showDuration(performance.now() - this.#since)}`
    })
  }

  readonly follow = ({ stage }: Progress): void => {
    if (stage === this.#stage) return
    this.#stage = stage
    this.#since = performance.now()
  };

  [Symbol.dispose](): void {
    this.#line[Symbol.dispose]()
  }
}
