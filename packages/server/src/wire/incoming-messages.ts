import type { ServerHttp2Stream } from 'node:http2'
import { promisify } from 'node:util'
import { gunzip, inflate } from 'node:zlib'
import { GoregoError } from '@gorego/core'
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

/** The messages of a client, in the pieces in which they came, and no faster than they are taken. */
export class IncomingMessages {
  readonly #stream: ServerHttp2Stream
  readonly #encoding: string
  readonly #splitter = new MessageSplitter(MAX_RECEIVED_MESSAGE_BYTES)
  readonly #waiting: SplitMessage[] = []
  #waitingBytes = 0
  #ended = false
  #failure: unknown
  #wake = () => {}

  /** `encoding`: what the header `grpc-encoding` says. */
  constructor(stream: ServerHttp2Stream, encoding = 'identity') {
    this.#stream = stream
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
    return this.#ended && this.#waiting.length === 0
  }

  /** The next message; undefined behind the last one. Throws what went wrong with the stream. */
  async next(): Promise<readonly Uint8Array[] | undefined> {
    while (this.#waiting.length === 0) {
      if (this.#failure !== undefined) throw this.#failure
      if (this.#ended) return undefined
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const message = this.#waiting.shift() as SplitMessage
    this.#waitingBytes -= message.length
    if (this.#stream.isPaused() && !this.#isFull) this.#stream.resume()
    return message.compressed ? [await decompress(message, this.#encoding)] : message.pieces
  }

  /** Takes no more notice of what comes, as if nothing did. */
  stop(): void {
    this.#stream.off('data', this.#onData)
    this.#ended = true
    this.#wake()
  }

  get #isFull(): boolean {
    return this.#waitingBytes >= WAITING_BYTES || this.#waiting.length >= WAITING_MESSAGES
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#failure !== undefined) return
    try {
      for (const message of this.#splitter.split(chunk)) {
        this.#waiting.push(message)
        this.#waitingBytes += message.length
        this.#wake()
      }
    } catch (error) {
      this.#fail(error)
    }
    if (this.#isFull) this.#stream.pause()
  }

  readonly #onEnd = (): void => {
    if (this.#splitter.unfinished) this.#fail(new GoregoError('invalid-argument', 'the last message is not whole'))
    this.#ended = true
    this.#wake()
  }

  readonly #onClose = (): void => {
    if (!this.#ended) this.#fail(new GoregoError('cancelled', 'the client has gone'))
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
