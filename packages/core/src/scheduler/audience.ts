/** Some of what a command printed. */
export interface PrintedPiece {
  readonly stream: 'stdout' | 'stderr'
  /** Where in the stream it begins, in bytes. */
  readonly offset: number
  readonly bytes: Uint8Array
}

/**
 * Hears what a command prints, piece by piece, the next one when the promise has resolved, if it returns one. Pieces can come again:
 * from the beginning, when somebody else begins to listen. Must neither throw nor reject.
 */
export type PrintedListener = (piece: PrintedPiece) => Promise<void> | undefined

/** Those who want to hear what the command of an action prints while it runs, for whoever runs it. */
export interface Audience {
  /** Calls back whenever there is somebody who is to be told from the beginning: at once, where somebody listens. */
  watch(onNewcomer: () => void): Disposable
  /** Resolves, where there is something to wait for, when everybody has taken it. */
  tell(piece: PrintedPiece): Promise<unknown> | undefined
}

/** Those who wait for one task. */
export class TaskAudience implements Audience {
  #listeners: Set<PrintedListener> | undefined
  #onNewcomer: (() => void) | undefined

  add(listeners: readonly PrintedListener[]): void {
    if (listeners.length === 0) return
    this.#listeners ??= new Set()
    for (const listener of listeners) this.#listeners.add(listener)
    this.#onNewcomer?.()
  }

  remove(listeners: readonly PrintedListener[]): void {
    for (const listener of listeners) this.#listeners?.delete(listener)
  }

  watch(onNewcomer: () => void): Disposable {
    this.#onNewcomer = onNewcomer
    if (this.#listeners !== undefined && this.#listeners.size > 0) onNewcomer()
    return {
      [Symbol.dispose]: () => {
        if (this.#onNewcomer === onNewcomer) this.#onNewcomer = undefined
      },
    }
  }

  tell(piece: PrintedPiece): Promise<unknown> | undefined {
    const takings = [...(this.#listeners ?? [])].flatMap((listener) => listener(piece) ?? [])
    return takings.length === 0 ? undefined : Promise.all(takings)
  }
}
