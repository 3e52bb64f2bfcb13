import type { Digest } from '../digest/index.js'
import { steadyTime } from '../disk/index.js'
import { type Clock, systemClock } from '../observe/index.js'
import { deferred } from './deferred.js'
import type { KeepsInputRoot, NearestSlot } from './nearest-slot.js'

/** A slot, as far as who has it is concerned. */
export interface TakeableSlot extends KeepsInputRoot {
  /** Of its runner; undefined where it has none. */
  readonly pid: number | undefined
  /** Ends its runner, if it has one; its next action starts another. */
  stop(): Promise<void>
}

export interface SlotsOptions<S> {
  readonly all: readonly S[]
  readonly nearest: NearestSlot
  readonly clock?: Clock
}

/**
 * For so long a slot keeps a runner that has nothing to do, in milliseconds. Of a build machine's 64 slots that is a gigabyte, overnight, too; but from one build
 * of somebody's to the next it holds the input roots that then need not be laid out again.
 */
export const IDLE_MS = 10 * 60_000

/**
 * Gives out the slots of a worker. The last freed is taken first, where none has a nearer input root: an idle machine keeps using one
 * warm runner, and others start only when needed. Runners that are not used for long are ended, but for the one used last.
 */
export class Slots<S extends TakeableSlot> {
  readonly all: readonly S[]
  readonly #free: S[]
  readonly #waiting: ((slot: S) => void)[] = []
  readonly #nearest: NearestSlot
  readonly #clock: Clock
  readonly #now: () => number
  readonly #freedAt = new WeakMap<S, number>()
  #look: Disposable | undefined

  constructor({ all, nearest, clock = systemClock }: SlotsOptions<S>) {
    this.all = all
    this.#free = [...all].reverse()
    this.#nearest = nearest
    this.#clock = clock
    this.#now = steadyTime(() => clock.now())
  }

  /** Waits for one, if need be, in turn. `inputRoot`: what will be laid out in it. */
  async take(inputRoot: Digest | undefined): Promise<S> {
    const nearest = await this.#nearest.take(this.#free, inputRoot)
    // Another may have been freed since there was none.
    return nearest ?? this.#free.pop() ?? (await this.#wait())
  }

  /** A slot that had trouble goes to the far end: the next action, and this one's second try, get another if there is one. */
  release(slot: S, hadTrouble = false): void {
    this.#freedAt.set(slot, this.#now())
    const next = this.#waiting.shift()
    if (next !== undefined) next(slot)
    else if (hadTrouble) this.#free.unshift(slot)
    else this.#free.push(slot)
    this.#lookLater()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#look?.[Symbol.dispose]()
    await Promise.all(this.all.map((slot) => slot.stop()))
  }

  #wait(): Promise<S> {
    const { promise, resolve } = deferred<S>()
    this.#waiting.push(resolve)
    return promise
  }

  /** Free slots with a runner, but for the one used last, the longest idle first; with the time for which each has been that. */
  #idle(): { readonly slot: S; readonly idleMs: number }[] {
    const now = this.#now()
    const idle = this.#free.filter(({ pid }) => pid !== undefined)
    const since = (slot: S) => this.#freedAt.get(slot) ?? now
    idle.sort((one, other) => since(one) - since(other))
    return idle.slice(0, -1).map((slot) => ({ slot, idleMs: now - since(slot) }))
  }

  #lookLater(): void {
    if (this.#look !== undefined) return
    const [first] = this.#idle()
    if (first !== undefined) this.#look = this.#clock.after(IDLE_MS - first.idleMs, () => void this.#endIdle())
  }

  /** One after the other: for each, the main process looks through all processes for what an action may have left. Meanwhile its slot is taken. */
  async #endIdle(): Promise<void> {
    for (let [next] = this.#idle(); next !== undefined && next.idleMs >= IDLE_MS; [next] = this.#idle()) {
      this.#free.splice(this.#free.indexOf(next.slot), 1)
      await next.slot.stop()
      this.release(next.slot, true)
    }
    this.#look = undefined
    this.#lookLater()
  }
}
