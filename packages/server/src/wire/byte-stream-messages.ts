import { reapi } from '@gorego/core'
import { joined } from './message-splitter.js'

export interface ReadMessage {
  readonly resourceName: string
  /** Negative if the client wrote so, though maybe another number. */
  readonly readOffset: number
  readonly readLimit: number
}

/** One WriteRequest. */
export interface WriteMessage {
  readonly resourceName: string
  readonly writeOffset: number
  readonly finishWrite: boolean
  /** Views of the message, in the pieces in which it came. */
  readonly data: readonly Uint8Array[]
  /** Of all of them together. */
  readonly length: number
}

const RESOURCE_NAME = 1
const READ_OFFSET = 2
const READ_LIMIT = 3
const WRITE_OFFSET = 2
const FINISH_WRITE = 3
const DATA = 10

/** Fields as they are tagged: length-delimited ones are 2, numbers 0. */
const RESOURCE_NAME_TAG = RESOURCE_NAME * 8 + 2
const WRITE_OFFSET_TAG = WRITE_OFFSET * 8
const FINISH_WRITE_TAG = FINISH_WRITE * 8
const DATA_TAG = DATA * 8 + 2

export function parseReadRequest(bytes: Uint8Array): ReadMessage {
  let resourceName = ''
  let readOffset = 0
  let readLimit = 0
  for (const field of reapi.wireFields(bytes)) {
    if (field.number === RESOURCE_NAME && field.bytes !== undefined) resourceName = text(field.bytes)
    else if (field.number === READ_OFFSET && field.bytes === undefined) readOffset = signed(field.value)
    else if (field.number === READ_LIMIT && field.bytes === undefined) readLimit = signed(field.value)
  }
  return { resourceName, readOffset, readLimit }
}

/** Reads a WriteRequest without copying what it carries, unless its fields come in an order in which no client has been seen to write them. */
export function parseWriteRequest(pieces: readonly Uint8Array[]): WriteMessage {
  return parseInOrder(pieces) ?? parseInAnyOrder(joined(pieces))
}

/** Undefined unless the data come last, and everything before them in the first piece. */
function parseInOrder(pieces: readonly Uint8Array[]): WriteMessage | undefined {
  const [first, ...rest] = pieces
  if (first === undefined) return undefined
  let resourceName = ''
  let writeOffset = 0
  let finishWrite = false
  const cursor = new Cursor(first)
  for (;;) {
    const tag = cursor.varint()
    const value = cursor.varint()
    if (tag === undefined || value === undefined) return undefined
    if (tag === DATA_TAG) {
      const data = [first.subarray(cursor.at), ...rest]
      const length = data.reduce((sum, piece) => sum + piece.length, 0)
      return value === length ? { resourceName, writeOffset, finishWrite, data, length } : undefined
    }
    if (tag === WRITE_OFFSET_TAG) writeOffset = value
    else if (tag === FINISH_WRITE_TAG) finishWrite = value !== 0
    else if (tag === RESOURCE_NAME_TAG && cursor.at + value <= first.length) resourceName = text(cursor.take(value))
    else return undefined
  }
}

function parseInAnyOrder(bytes: Uint8Array): WriteMessage {
  let resourceName = ''
  let writeOffset = 0
  let finishWrite = false
  let data: Uint8Array = new Uint8Array(0)
  for (const field of reapi.wireFields(bytes)) {
    if (field.number === RESOURCE_NAME && field.bytes !== undefined) resourceName = text(field.bytes)
    else if (field.number === WRITE_OFFSET) writeOffset = field.value
    else if (field.number === FINISH_WRITE) finishWrite = field.value !== 0
    else if (field.number === DATA && field.bytes !== undefined) data = field.bytes
  }
  return { resourceName, writeOffset, finishWrite, data: data.length === 0 ? [] : [data], length: data.length }
}

/** What stands before the data of a ReadResponse. */
export function readResponseHeader(length: number): Uint8Array {
  const header: number[] = [DATA_TAG]
  let rest = length
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) header.push((rest & 0x7f) | 0x80)
  header.push(rest)
  return Uint8Array.from(header)
}

/** A number of 64 bits, read as one without a sign and not exactly: negative ones stay negative, which is all that matters. */
function signed(value: number): number {
  return value < 2 ** 63 ? value : Math.min(-1, value - 2 ** 64)
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
}

class Cursor {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** Undefined for what does not end here, and for numbers that are not exact in JavaScript. */
  varint(): number | undefined {
    let value = 0
    for (let scale = 1; scale < 2 ** 49; scale *= 128) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) return undefined
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    return undefined
  }

  take(length: number): Uint8Array {
    this.at += length
    return this.#bytes.subarray(this.at - length, this.at)
  }
}
