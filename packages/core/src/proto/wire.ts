import { BYTES, VARINT, WireReader } from './wire-reader.js'

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

/** Varints and length-delimited fields. Throws `invalid-argument` on anything that is no protobuf message. */
export function* wireFields(message: Uint8Array): Generator<WireField> {
  const reader = new WireReader(message)
  while (reader.next()) {
    const { number, type, value } = reader
    if (type === BYTES) yield { number, bytes: reader.view(), value }
    else if (type === VARINT) yield { number, bytes: undefined, value }
  }
}

/** What a message has in its length-delimited fields of that number, in order; nothing is made of others. Throws as `wireFields` does. */
export function* fieldsOf(message: Uint8Array, number: number): Generator<Uint8Array> {
  const reader = new WireReader(message)
  while (reader.next()) if (reader.number === number && reader.type === BYTES) yield reader.view()
}
