import { GoregoError } from '../errors/index.js'

/**
 * Reads protobuf fields straight off the wire, without making messages of them: for values that can be large and of
 * which only a few fields matter. Length-delimited fields are views of the input.
 */
export interface WireField {
  readonly number: number
  /** The payload of a length-delimited field; undefined for numbers. */
  readonly bytes: Uint8Array | undefined
  /** The value of a varint field, exact up to 2^53; 0 for others. */
  readonly value: number
}

/** Throws `invalid-argument` on anything that is no protobuf message. */
export function* wireFields(message: Uint8Array): Generator<WireField> {
  const cursor = { at: 0 }
  while (cursor.at < message.length) {
    const tag = varint(message, cursor)
    const number = Math.floor(tag / 8)
    if (number === 0) throw malformed(`field number 0 before byte ${cursor.at}`)
    switch (tag & 7) {
      case 0:
        yield { number, bytes: undefined, value: varint(message, cursor) }
        break
      case 1:
        skip(message, cursor, 8)
        break
      case 2: {
        const length = varint(message, cursor)
        const start = cursor.at
        skip(message, cursor, length)
        yield { number, bytes: message.subarray(start, cursor.at), value: 0 }
        break
      }
      case 5:
        skip(message, cursor, 4)
        break
      default:
        throw malformed(`wire type ${tag & 7} at byte ${cursor.at}`)
    }
  }
}

function skip(message: Uint8Array, cursor: { at: number }, length: number): void {
  cursor.at += length
  if (cursor.at > message.length) throw malformed('the message ends inside a field')
}

function varint(message: Uint8Array, cursor: { at: number }): number {
  let value = 0
  let scale = 1
  for (let n = 0; n < 10; n++) {
    const byte = message[cursor.at++]
    if (byte === undefined) throw malformed('the message ends inside a number')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) return value
    scale *= 128
  }
  throw malformed('a number has more than ten bytes')
}

function malformed(why: string): GoregoError {
  return new GoregoError('invalid-argument', `not a protobuf message: ${why}`)
}
