import type { ServerLoad } from '@gorego/server'
import { showBytes } from './amounts.js'

/** Throughput is that of so many milliseconds. */
const WINDOW_MS = 10_000
const WIDEST_BAR = 16

/** How a server does, in two lines. Remembers what it was told, for the throughput. */
export class LoadLines {
  readonly #slots: number
  #seen: { readonly at: number; readonly completed: number }[] = []

  constructor(slots: number) {
    this.#slots = slots
  }

  /** `now` in milliseconds, of any clock that does not jump. */
  lines(load: ServerLoad, now: number): string[] {
    const { blobs, bytes, maxBytes } = load
    const kept = `cache  ${blobs} blobs, ${showBytes(bytes)} of ${showBytes(maxBytes)}`
    return this.#slots === 0 ? [kept] : [this.#execution(load, now), kept]
  }

  #execution({ running, queued, completed, cached, failed }: ServerLoad, now: number): string {
    const rate = this.#rate(completed, now)
    const parts = [
      `slots  ${bar(running, this.#slots)} ${running} of ${this.#slots}`,
      `queue ${queued}`,
      `${rate.toFixed(rate < 10 ? 1 : 0)} actions/s`,
      completed === 0 ? 'none done yet' : `${completed} done, ${Math.round((100 * cached) / completed)} % cached`,
      ...(failed === 0 ? [] : [`${failed} failed`]),
    ]
    return parts.join('   ')
  }

  #rate(completed: number, now: number): number {
    this.#seen.push({ at: now, completed })
    // The last one before the window stays: what was done in it is the difference to that.
    while ((this.#seen[1]?.at ?? now) <= now - WINDOW_MS) this.#seen.shift()
    const [first] = this.#seen
    return first === undefined || first.at === now ? 0 : (completed - first.completed) / ((now - first.at) / 1000)
  }
}

function bar(running: number, slots: number): string {
  const width = Math.min(slots, WIDEST_BAR)
  const full = Math.min(width, Math.ceil((running / slots) * width))
  return '█'.repeat(full) + '░'.repeat(width - full)
}
