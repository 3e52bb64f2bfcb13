import type { Digest } from '../digest/index.js'
import { varintLength, writeVarint } from './varint.js'
import { BYTES, VARINT } from './wire-reader.js'

/**
 * Puts a message together of values and of pieces that are encoded already: pieces are copied once, by `finish`, however
 * deep they are in messages inside messages. Fields come out in the order in which they are added; defaults are left out.
 */
export class MessageWriter {
  readonly #pieces: Uint8Array[] = []
  #length = 0

  /** How many bytes the message has so far. */
  get length(): number {
    return this.#length
  }

  /** A number from 0 up to 2^53, an enum or a boolean. */
  varint(field: number, value: number): this {
    return value === 0 ? this : this.#header(field, VARINT, value)
  }

  /** A string. */
  text(field: number, text: string): this {
    return text === '' ? this : this.bytes(field, Buffer.from(text))
  }

  /** Bytes, or a message that is encoded; one that has no bytes is there all the same. */
  bytes(field: number, bytes: Uint8Array): this {
    return this.#header(field, BYTES, bytes.length).encoded(bytes)
  }

  message(field: number, message: MessageWriter): this {
    this.#header(field, BYTES, message.length)
    for (const piece of message.#pieces) this.#pieces.push(piece)
    this.#length += message.length
    return this
  }

  /** A Digest. */
  digest(field: number, { hash, sizeBytes }: Pick<Digest, 'hash' | 'sizeBytes'>): this {
    return this.message(field, new MessageWriter().text(1, hash).varint(2, sizeBytes))
  }

  /** Fields that are encoded already, with their tags. */
  encoded(fields: Uint8Array): this {
    this.#pieces.push(fields)
    this.#length += fields.length
    return this
  }

  finish(): Buffer {
    return Buffer.concat(this.#pieces, this.#length)
  }

  #header(field: number, type: number, value: number): this {
    const tag = field * 8 + type
    const header = Buffer.allocUnsafe(varintLength(tag) + varintLength(value))
    writeVarint(header, writeVarint(header, 0, tag), value)
    return this.encoded(header)
  }
}
