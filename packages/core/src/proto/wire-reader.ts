import { GoregoError } from '../errors/index.js'
import { FieldCount } from './field-count.js'

/** The wire types of protobuf that REAPI has a use for; groups, which it has none of, are refused. */
export const VARINT = 0
export const FIXED64 = 1
export const BYTES = 2
export const FIXED32 = 5

const TWO_TO_28 = 2 ** 28
const TWO_TO_56 = 2 ** 56
const TWO_TO_63 = 2 ** 63
const LARGEST_TAG = 2 ** 32

/**
 * Walks over the fields of a protobuf message without making anything of them: one reader looks at any number of fields,
 * each described by its properties until `next` is called again. Hot calls read their messages with it; everything that
 * it says of a field is what google-protobuf says.
 */
export class WireReader {
  readonly bytes: Buffer
  readonly #count: FieldCount
  readonly #end: number
  #at: number
  /** The number of the field. */
  number = 0
  /** Its wire type. */
  type = 0
  /** Where its payload begins and ends: after the length of a length-delimited field, after the tag of others. */
  start = 0
  end = 0
  /** The value of a varint, unsigned and exact up to 2^53; 0 for other fields. */
  value = 0

  /**
   * Reads the part of `bytes` from `start` up to `end`, and no more fields than are left in `count`. Without one it reads
   * any number: for whoever makes nothing of most of them, or gives others a turn meanwhile.
   */
  constructor(bytes: Uint8Array, count = new FieldCount(Number.POSITIVE_INFINITY), start = 0, end = bytes.length) {
    this.bytes = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#count = count
    this.#at = start
    this.#end = end
  }

  /** Goes to the next field; false if there is none. Throws `invalid-argument` on anything that is no protobuf message. */
  next(): boolean {
    if (this.#at === this.#end) return false
    this.#count.take()
    const tag = this.#varint()
    if (tag < 8) throw malformed(`field number 0 before byte ${this.#at}`)
    if (tag >= LARGEST_TAG) throw malformed(`a field number that is too large before byte ${this.#at}`)
    this.number = tag >>> 3
    this.type = tag & 7
    this.start = this.#at
    this.value = 0
    if (this.type === BYTES) {
      const length = this.#varint()
      this.start = this.#at
      this.#skip(length)
    } else if (this.type === VARINT) this.value = this.#varint()
    else if (this.type === FIXED64) this.#skip(8)
    else if (this.type === FIXED32) this.#skip(4)
    else throw malformed(`wire type ${this.type} at byte ${this.#at}`)
    this.end = this.#at
    return true
  }

  /** The payload of a length-delimited field: a view. */
  view(): Buffer {
    this.expect(BYTES)
    return this.bytes.subarray(this.start, this.end)
  }

  /** A string, which must be UTF-8. */
  text(): string {
    this.expect(BYTES)
    if (this.#isAscii()) return this.ascii()
    try {
      return utf8.decode(this.view())
    } catch (cause) {
      throw malformed(`text that is no UTF-8 at byte ${this.start}`, cause)
    }
  }

  /** A string of which the caller makes sure that it is ASCII: other bytes come out as some character that is not. */
  ascii(): string {
    this.expect(BYTES)
    return this.bytes.toString('latin1', this.start, this.end)
  }

  /** An int64. Beyond 2^53 it is the nearest number that there is. */
  int64(): number {
    this.expect(VARINT)
    return this.value < TWO_TO_63 ? this.value : Number(BigInt.asIntN(64, this.#bits()))
  }

  /** An int32 or an enum, which are 32 of the bits that were sent. */
  int32(): number {
    this.expect(VARINT)
    return this.value <= Number.MAX_SAFE_INTEGER ? this.value | 0 : Number(BigInt.asIntN(32, this.#bits()))
  }

  /** What a repeated int32 or enum has in this field: one, or a packed list. */
  int32s(): number[] {
    if (this.type !== BYTES) return [this.int32()]
    const values: number[] = []
    // In a packed list there are no tags.
    for (const list = this.message(); list.#at < list.#end; ) {
      list.#count.take()
      list.type = VARINT
      list.start = list.#at
      list.value = list.#varint()
      list.end = list.#at
      values.push(list.int32())
    }
    return values
  }

  boolean(): boolean {
    this.expect(VARINT)
    return this.value !== 0
  }

  /** Reads the message in a length-delimited field; its fields count, too. */
  message(): WireReader {
    this.expect(BYTES)
    return new WireReader(this.bytes, this.#count, this.start, this.end)
  }

  /** Throws unless the field has that wire type. */
  expect(type: number): void {
    if (this.type !== type) throw malformed(`field ${this.number} has wire type ${this.type} instead of ${type}`)
  }

  #isAscii(): boolean {
    for (let at = this.start; at < this.end; at++) if ((this.bytes[at] as number) >= 0x80) return false
    return true
  }

  #skip(length: number): void {
    this.#at += length
    if (this.#at > this.#end) throw malformed('the message ends inside a field')
  }

  /** Sums up seven bits a byte, in three parts that are exact, so that there is one rounding at most. */
  #varint(): number {
    let byte = this.#byte()
    if (byte < 0x80) return byte
    let low = byte & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.#byte()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return low
    }
    let middle = 0
    for (let shift = 0; shift < 28; shift += 7) {
      byte = this.#byte()
      middle |= (byte & 0x7f) << shift
      if (byte < 0x80) return middle * TWO_TO_28 + low
    }
    const ninth = this.#byte()
    if (ninth < 0x80) return ninth * TWO_TO_56 + middle * TWO_TO_28 + low
    const tenth = this.#byte()
    if (tenth >= 0x80) throw malformed('a number has more than ten bytes')
    // Of the tenth byte one bit is left in 64.
    return (tenth & 1) * TWO_TO_63 + (ninth & 0x7f) * TWO_TO_56 + middle * TWO_TO_28 + low
  }

  #byte(): number {
    if (this.#at >= this.#end) throw malformed('the message ends inside a number')
    return this.bytes[this.#at++] as number
  }

  /** All 64 bits of the varint. */
  #bits(): bigint {
    let bits = 0n
    for (let at = this.start, shift = 0n; at < this.end; at++, shift += 7n) {
      bits |= BigInt((this.bytes[at] as number) & 0x7f) << shift
    }
    return bits
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function malformed(why: string, cause?: unknown): GoregoError {
  return new GoregoError('invalid-argument', `not a protobuf message: ${why}`, cause === undefined ? {} : { cause })
}
