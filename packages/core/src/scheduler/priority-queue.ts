interface Node<T> {
  readonly item: T
  priority: number
  readonly order: number
  index: number
}

/** A place in the queue; what `push` returns and `reprioritize` and `remove` take. */
export type QueuePlace<T> = Node<T>

/** A binary heap: the lowest priority number first, first come first served inside one (EX-23). O(log n) each. */
export class PriorityQueue<T> {
  readonly #heap: Node<T>[] = []
  #pushed = 0

  get size(): number {
    return this.#heap.length
  }

  /** What `shift` would take. */
  get first(): T | undefined {
    return this.#heap[0]?.item
  }

  push(item: T, priority: number): QueuePlace<T> {
    const node = { item, priority, order: this.#pushed++, index: this.#heap.length }
    this.#heap.push(node)
    this.#up(node)
    return node
  }

  shift(): T | undefined {
    const first = this.#heap[0]
    if (first === undefined) return undefined
    this.remove(first)
    return first.item
  }

  /** Does nothing for a place that was left. */
  reprioritize(place: QueuePlace<T>, priority: number): void {
    if (this.#heap[place.index] !== place) return
    place.priority = priority
    this.#up(place)
    this.#down(place)
  }

  /** False for a place that was left. */
  remove(place: QueuePlace<T>): boolean {
    if (this.#heap[place.index] !== place) return false
    const last = this.#heap.pop() as Node<T>
    if (last === place) return true
    this.#put(last, place.index)
    this.#up(last)
    this.#down(last)
    return true
  }

  #up(node: Node<T>): void {
    while (node.index > 0) {
      const parent = this.#heap[(node.index - 1) >> 1] as Node<T>
      if (!before(node, parent)) return
      this.#swap(node, parent)
    }
  }

  #down(node: Node<T>): void {
    for (;;) {
      const left = this.#heap[2 * node.index + 1]
      const right = this.#heap[2 * node.index + 2]
      const child = right !== undefined && left !== undefined && before(right, left) ? right : left
      if (child === undefined || !before(child, node)) return
      this.#swap(child, node)
    }
  }

  #swap(a: Node<T>, b: Node<T>): void {
    const index = a.index
    this.#put(a, b.index)
    this.#put(b, index)
  }

  #put(node: Node<T>, index: number): void {
    node.index = index
    this.#heap[index] = node
  }
}

function before<T>(a: Node<T>, b: Node<T>): boolean {
  return a.priority < b.priority || (a.priority === b.priority && a.order < b.order)
}
