import type { PrintedPiece } from '../scheduler/index.js'
import type { OutputListener, StreamName } from './run-options.js'
import type { RunResult } from './run-result.js'

const STREAMS: readonly StreamName[] = ['stdout', 'stderr']

/**
 * Hands what a command prints to whoever wants it: each byte once, in the order of its stream, the next chunk when the one before is
 * dealt with. Pieces come while the command runs, perhaps again, perhaps not at all; `finish` takes what is left from the result.
 */
export class OutputFeed {
  readonly #listener: OutputListener
  readonly #handed: Record<StreamName, number> = { stdout: 0, stderr: 0 }
  /** Until the listener is done with a chunk. */
  #busy: Promise<void> | undefined
  /** Pieces are not needed any more, also those that wait: the result has everything. */
  #isFinishing = false
  #thrown: { readonly error: unknown } | undefined
  #onThrown: (error: unknown) => void = () => {}

  constructor(listener: OutputListener) {
    this.#listener = listener
  }

  /** What the listener throws, or rejects with, is for the caller: it hears nothing more. */
  onThrown(callback: (error: unknown) => void): void {
    this.#onThrown = callback
  }

  readonly take = (piece: PrintedPiece): Promise<void> | undefined => {
    if (this.#isFinishing) return undefined
    if (this.#busy !== undefined) return this.#busy.then(() => this.take(piece))
    const { stream, offset, bytes } = piece
    const handed = this.#handed[stream]
    // After a gap, nothing until the end.
    if (this.#thrown !== undefined || offset > handed || offset + bytes.length <= handed) return undefined
    return this.#hand(bytes.subarray(handed - offset), stream)
  }

  /** Hands over all that is missing. Throws what the listener threw, now or before. */
  async finish(result: RunResult, signal?: AbortSignal): Promise<void> {
    this.#isFinishing = true
    try {
      await this.#busy
      for (const stream of STREAMS) {
        for await (const chunk of result.printed(stream, { offset: this.#handed[stream] }, signal)) {
          if (this.#thrown === undefined) await this.#hand(chunk, stream)
        }
      }
    } finally {
      // Where the result has lost its blobs, the action runs again.
      this.#isFinishing = false
    }
    if (this.#thrown !== undefined) throw this.#thrown.error
  }

  #hand(chunk: Uint8Array, stream: StreamName): Promise<void> | undefined {
    this.#handed[stream] += chunk.length
    try {
      const dealing = this.#listener(chunk, stream)
      if (!isPromise(dealing)) return undefined
      this.#busy = this.#settle(dealing)
      return this.#busy
    } catch (error) {
      this.#fail(error)
      return undefined
    }
  }

  async #settle(dealing: PromiseLike<unknown>): Promise<void> {
    try {
      await dealing
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#busy = undefined
    }
  }

  #fail(error: unknown): void {
    this.#thrown ??= { error }
    this.#onThrown(error)
  }
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function'
}
