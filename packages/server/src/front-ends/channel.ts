import type { Duplex } from 'node:stream'
import { GoregoError } from '@gorego/core'
import { encodeFrame, type Frame, FrameReader, type Message } from './frames.js'
import { fromPlainError, type PlainError, toPlainError } from './plain-error.js'

/** A call as the side sees it that was called. */
export interface IncomingCall {
  /** Aborted when the caller takes the call back, or is gone. */
  readonly signal: AbortSignal
  /** Sends an answer before the last one. */
  next(message: Message): void
}

/** Does what a method says, and returns the last answer. */
export type Handler = (message: Message, call: IncomingCall) => Promise<Message> | Message

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  /** Is told of every answer before the last one. */
  readonly onNext?: (message: Message) => void
}

/** A pipe whose other end does not take what is sent has failed, if so many bytes wait. */
const MAX_WAITING_BYTES = 128 * 1024 * 1024

interface Pending {
  readonly resolve: (message: Message) => void
  readonly reject: (error: unknown) => void
  readonly onNext: ((message: Message) => void) | undefined
}

/**
 * Calls between two processes, both ways, over one stream: any number at a time, their frames in the order in which they were
 * sent. Frames of one turn of the event loop go out in one write: with many calls under way, that is most of what one costs.
 */
export class Channel {
  /** Resolves when the stream is closed, for whatever reason. Calls under way are `unavailable` then. */
  readonly closed: Promise<void>
  readonly #stream: Duplex
  readonly #handlers: Readonly<Record<string, Handler>>
  readonly #reader = new FrameReader()
  readonly #pending = new Map<number, Pending>()
  /** Calls of the other side. */
  readonly #incoming = new Map<number, Incoming>()
  #calls = 0
  #corked = false
  #open = true

  constructor(stream: Duplex, handlers: Readonly<Record<string, Handler>>) {
    this.#stream = stream
    this.#handlers = handlers
    stream.on('data', (chunk: Buffer) => this.#receive(chunk))
    // What breaks it is told by its close.
    stream.on('error', () => {})
    stream.once('end', () => stream.destroy())
    this.closed = new Promise((resolve) => {
      stream.once('close', () => {
        this.#end()
        resolve()
      })
    })
  }

  /** Calls a method of the other side. Rejects with what it threw, as a GoregoError, or when the signal is aborted. */
  async call(method: string, { head, bytes }: Message = {}, { signal, onNext }: CallOptions = {}): Promise<Message> {
    signal?.throwIfAborted()
    if (!this.#open) throw gone()
    const call = this.#calls++
    let take = () => {}
    try {
      return await new Promise<Message>((resolve, reject) => {
        this.#pending.set(call, { resolve, reject, onNext })
        if (signal !== undefined) {
          take = () => {
            this.#send({ kind: 'cancel', call })
            reject(signal.reason)
          }
          signal.addEventListener('abort', take)
        }
        this.#send({ kind: 'call', call, head: [method, head], ...(bytes === undefined ? {} : { bytes }) })
      })
    } finally {
      this.#pending.delete(call)
      signal?.removeEventListener('abort', take)
    }
  }

  /** Calls a method of which nobody wants to know what came of it. */
  tell(method: string, head?: unknown): void {
    void this.call(method, { head }).catch(() => {})
  }

  close(): void {
    this.#stream.destroy()
  }

  #receive(chunk: Buffer): void {
    try {
      for (const frame of this.#reader.push(chunk)) this.#take(frame)
    } catch (error) {
      this.#stream.destroy(error as Error)
    }
  }

  #take(frame: Frame): void {
    const { kind, call } = frame
    if (kind === 'call') void this.#serve(frame)
    else if (kind === 'cancel') this.#incoming.get(call)?.abort()
    else if (kind === 'next') this.#pending.get(call)?.onNext?.(frame)
    else if (kind === 'done') this.#pending.get(call)?.resolve(frame)
    else this.#pending.get(call)?.reject(fromPlainError(frame.head as PlainError))
  }

  async #serve({ call, head, bytes }: Frame): Promise<void> {
    const [method, argument] = head as [string, unknown]
    const incoming = new Incoming((message) => this.#send({ kind: 'next', call, ...message }))
    this.#incoming.set(call, incoming)
    try {
      const handler = this.#handlers[method]
      if (handler === undefined) throw new GoregoError('unimplemented', `there is no method ${method}`)
      const message = { head: argument, ...(bytes === undefined ? {} : { bytes }) }
      this.#send({ ...(await handler(message, incoming)), kind: 'done', call })
    } catch (error) {
      this.#send({ kind: 'failed', call, head: toPlainError(error) })
    } finally {
      this.#incoming.delete(call)
    }
  }

  #send(frame: Frame): void {
    if (!this.#open) return
    if (!this.#corked) {
      this.#corked = true
      this.#stream.cork()
      process.nextTick(() => {
        this.#corked = false
        this.#stream.uncork()
      })
    }
    for (const piece of encodeFrame(frame)) this.#stream.write(piece)
    if (this.#stream.writableLength > MAX_WAITING_BYTES) this.#stream.destroy()
  }

  #end(): void {
    this.#open = false
    for (const incoming of this.#incoming.values()) incoming.abort()
    for (const { reject } of this.#pending.values()) reject(gone())
  }
}

/** Most calls are over before anybody asks for their signal, which costs more than they do. */
class Incoming implements IncomingCall {
  readonly next: (message: Message) => void
  #abort: AbortController | undefined
  #aborted = false

  constructor(next: (message: Message) => void) {
    this.next = next
  }

  get signal(): AbortSignal {
    this.#abort ??= new AbortController()
    if (this.#aborted) this.#abort.abort()
    return this.#abort.signal
  }

  abort(): void {
    this.#aborted = true
    this.#abort?.abort()
  }
}

function gone(): GoregoError {
  return new GoregoError('unavailable', 'the process that was asked is gone')
}
