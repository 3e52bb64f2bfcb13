interface Flight<T> {
  readonly landed: Promise<T>
  readonly abort: AbortController
  waiting: number
}

/**
 * One piece of work for all who want the same at one time. Each of them can leave without harm to the others; when nobody is
 * left, the work is given up.
 */
export class Flights<T> {
  readonly #flights = new Map<string, Flight<T>>()

  /** How many are under way. */
  get size(): number {
    return this.#flights.size
  }

  /** Joins what is under way for the key, or starts it. Throws `signal.reason` once that is aborted. */
  async join(key: string, start: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    signal?.throwIfAborted()
    const flight = this.#flights.get(key) ?? this.#start(key, start)
    flight.waiting++
    let leave = () => {}
    try {
      if (signal === undefined) return await flight.landed
      return await new Promise<T>((resolve, reject) => {
        leave = () => reject(signal.reason)
        signal.addEventListener('abort', leave, { once: true })
        flight.landed.then(resolve, reject)
      })
    } finally {
      signal?.removeEventListener('abort', leave)
      if (--flight.waiting === 0) this.#end(key, flight)
    }
  }

  #start(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const abort = new AbortController()
    const flight: Flight<T> = { landed: start(abort.signal), abort, waiting: 0 }
    this.#flights.set(key, flight)
    // Those who come later start anew.
    const over = () => this.#forget(key, flight)
    flight.landed.then(over, over)
    return flight
  }

  #end(key: string, flight: Flight<T>): void {
    this.#forget(key, flight)
    flight.abort.abort()
  }

  #forget(key: string, flight: Flight<T>): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key)
  }
}
