import type { ServerHttp2Stream } from 'node:http2'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { GoregoError } from '@gorego/core'
import type { HeldBytes } from '../clients/held-bytes.js'
import { MAX_RECEIVED_MESSAGE_BYTES } from '../services/limits.js'
import { joined, MessageSplitter, type SplitMessage } from './message-splitter.js'

/**
 * What may have come and wait for its turn before nothing more is taken off the stream. A message more may come all the
 * same: one that is not whole yet must not stop.
 */
const WAITING_BYTES = 1024 * 1024
const WAITING_MESSAGES = 64

type Decompress = (bytes: Uint8Array, options: { maxOutputLength: number }) => Promise<Buffer>

const DECOMPRESSORS = new Map<string, Decompress>([
  ['gzip', promisify(gunzip) as Decompress],
  ['deflate', promisify(inflate) as Decompress],
])

/** The messages of a client, in the pieces in which they came, and no faster than they are taken and the client may send. */
export class IncomingMessages {
  readonly #stream: ServerHttp2Stream
  readonly #up: HeldBytes
  readonly #encoding: string
  readonly #splitter = new MessageSplitter(MAX_RECEIVED_MESSAGE_BYTES)
  readonly #waiting: SplitMessage[] = []
  #waitingBytes = 0
  /** What `next` gave out and is not done with. */
  #givenOut = 0
  #asked = false
  /** Nothing more comes on the stream. What came may still wait for its turn. */
  #allCame = false
  #stopped = false
  #turnAwaited = false
  #failure: unknown
  #wake = () => {}

  /** `up` counts what is here; `encoding` is what the header `grpc-encoding` says. */
  constructor(stream: ServerHttp2Stream, up: HeldBytes, encoding = 'identity') {
    this.#stream = stream
    this.#up = up
    this.#encoding = encoding
    stream.on('data', this.#onData)
    stream.on('end', this.#onEnd)
    stream.on('close', this.#onClose)
  }

  /** Whether there is a message that `next` need not wait for. */
  get ready(): boolean {
    return this.#waiting.length > 0
  }

  /** Whether no more messages can come. */
  get ended(): boolean {
    return this.#waiting.length === 0 && (this.#stopped || (this.#allCame && !this.#turnAwaited))
  }

  /** The next message; undefined behind the last one. Throws what went wrong with the stream. */
  async next(): Promise<readonly Uint8Array[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.ended) return undefined
      await this.#news()
    }
    const message = this.#waiting.shift() as SplitMessage
    this.#waitingBytes -= message.length
    this.#goOn()
    if (!message.compressed) {
      this.#givenOut += message.cost
      return message.pieces
    }
    const bytes = await decompress(message, this.#encoding)
    this.#up.settle(message.cost, bytes.length)
    this.#givenOut += bytes.length
    return [bytes]
  }

  /** Whether anything comes behind what `next` gave out. Waits for no more of it than its beginning, nor for room for it. */
  async more(): Promise<boolean> {
    for (;;) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.ready || this.#splitter.unfinished) return true
      if (this.ended) return false
      await this.#news()
    }
  }

  /** Nothing that `next` gave out is needed any more. */
  release(): void {
    this.#up.give(this.#givenOut)
    this.#givenOut = 0
  }

  /** Takes no more notice of what comes, as if nothing did. */
  stop(): void {
    this.#stream.off('data', this.#onData)
    this.#stopped = true
    this.#wake()
  }

  get #isFull(): boolean {
    return this.#waitingBytes >= WAITING_BYTES || this.#waiting.length >= WAITING_MESSAGES
  }

  /** Resolves when a message begins or is there, no more come, or something went wrong. */
  async #news(): Promise<void> {
    this.#asked = true
    this.#tellWhoseTurn()
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#asked = false
  }

  readonly #onData = (chunk: Buffer): void => {
    // What went wrong is not mended by what comes after it.
    if (this.#failure !== undefined) return
    this.#splitter.add(chunk)
    this.#split()
  }

  /**
   * All of a message is asked for where it begins: what has begun to come can come to its end, whatever others wait for. What came
   * before it does not wait with it: whoever holds bytes must be able to get done with them, and give them back.
   */
  #split(): void {
    if (this.#failure !== undefined || this.#stopped) return
    try {
      for (let next = this.#splitter.next(); next !== undefined; next = this.#splitter.next()) {
        if ('pieces' in next) this.#arrive(next)
        else this.#take(next.cost)
        if (this.#turnAwaited) break
      }
    } catch (error) {
      this.#fail(error)
    }
    if (this.#isFull || this.#turnAwaited) this.#stream.pause()
    if (this.#allCame) this.#end()
    this.#tellWhoseTurn()
  }

  #take(bytes: number): void {
    this.#wake()
    const turn = bytes === 0 ? undefined : this.#up.take(bytes)
    if (turn === undefined) return
    this.#turnAwaited = true
    turn.then(
      () => {
        this.#turnAwaited = false
        this.#split()
        this.#goOn()
        this.#tellWhoseTurn()
      },
      (error) => this.#fail(error),
    )
  }

  #arrive(message: SplitMessage): void {
    this.#waiting.push(message)
    this.#waitingBytes += message.length
    this.#wake()
  }

  #goOn(): void {
    if (this.#stream.isPaused() && !this.#isFull && !this.#turnAwaited) this.#stream.resume()
  }

  #tellWhoseTurn(): void {
    this.#up.awaitClient(!this.#stream.isPaused() && (this.#asked || this.#splitter.unfinished))
  }

  readonly #onEnd = (): void => {
    this.#allCame = true
    this.#end()
  }

  #end(): void {
    if (this.#turnAwaited) return
    if (this.#splitter.unfinished) this.#fail(new GoregoError('invalid-argument', 'the last message is not whole'))
    this.#wake()
  }

  readonly #onClose = (): void => {
    if (!this.#allCame && !this.#stopped) this.#fail(new GoregoError('cancelled', 'the client has gone'))
  }

  #fail(error: unknown): void {
    this.#failure ??= error
    this.#wake()
  }
}

async function decompress(message: SplitMessage, encoding: string): Promise<Uint8Array> {
  const bytes = joined(message.pieces)
  if (encoding === 'identity') return bytes
  const decompressor = DECOMPRESSORS.get(encoding)
  if (decompressor === undefined) {
    throw new GoregoError(
      'unimplemented',
      `messages in the encoding ${JSON.stringify(encoding.slice(0, 40))} are not read`,
    )
  }
  try {
    return await decompressor(bytes, { maxOutputLength: MAX_RECEIVED_MESSAGE_BYTES })
  } catch (cause) {
    const tooLarge = (cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
    throw tooLarge
      ? new GoregoError(
          'resource-exhausted',
          `a message has more than ${MAX_RECEIVED_MESSAGE_BYTES} bytes, decompressed`,
          { cause },
        )
      : new GoregoError('invalid-argument', `a message is not compressed with ${encoding}, as it says`, { cause })
  }
}
