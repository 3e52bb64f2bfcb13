import { PriorityQueue, type QueuePlace } from './priority-queue.js'

/** What waits with one priority. */
interface Level<T> {
  readonly priority: number
  readonly lines: Map<string, Line<T>>
  /** Whose turn it is. */
  readonly turns: PriorityQueue<Line<T>>
  turnsGiven: number
  place?: QueuePlace<Level<T>>
}

/** What waits for one client there, in the order in which it came. */
interface Line<T> {
  readonly client: string
  readonly level: Level<T>
  readonly items: PriorityQueue<T>
  turn: QueuePlace<Line<T>>
}

/** A place in the queue; what `push` returns and `remove` takes. */
export interface FairPlace<T> {
  readonly line: Line<T>
  readonly item: QueuePlace<T>
}

/**
 * The lowest priority number first (EX-23); inside one priority the clients in turn, so that who asks for ten waits for ten rounds,
 * and not for the ten thousand that another asked for before; for one client first come first served. O(log n) each.
 */
export class FairQueue<T> {
  readonly #levels = new PriorityQueue<Level<T>>()
  readonly #byPriority = new Map<number, Level<T>>()
  #size = 0

  get size(): number {
    return this.#size
  }

  push(item: T, priority: number, client: string): FairPlace<T> {
    const level = this.#level(priority)
    const line = level.lines.get(client) ?? this.#begin(level, client)
    this.#size++
    return { line, item: line.items.push(item, 0) }
  }

  shift(): T | undefined {
    const level = this.#levels.first
    const line = level?.turns.first
    if (level === undefined || line === undefined) return undefined
    const item = line.items.shift()
    this.#size--
    level.turns.reprioritize(line.turn, level.turnsGiven++)
    this.#endIfEmpty(line)
    return item
  }

  /** Does nothing for a place that was left. */
  remove({ line, item }: FairPlace<T>): void {
    if (!line.items.remove(item)) return
    this.#size--
    this.#endIfEmpty(line)
  }

  #level(priority: number): Level<T> {
    const known = this.#byPriority.get(priority)
    if (known !== undefined) return known
    const level: Level<T> = { priority, lines: new Map(), turns: new PriorityQueue(), turnsGiven: 0 }
    level.place = this.#levels.push(level, priority)
    this.#byPriority.set(priority, level)
    return level
  }

  /** Whoever comes new comes last. */
  #begin(level: Level<T>, client: string): Line<T> {
    const line = { client, level, items: new PriorityQueue<T>() } as Line<T>
    line.turn = level.turns.push(line, level.turnsGiven++)
    level.lines.set(client, line)
    return line
  }

  #endIfEmpty({ items, level, client, turn }: Line<T>): void {
    if (items.size > 0) return
    level.turns.remove(turn)
    level.lines.delete(client)
    if (level.lines.size > 0 || level.place === undefined) return
    this.#levels.remove(level.place)
    this.#byPriority.delete(level.priority)
  }
}
