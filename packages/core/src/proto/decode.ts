import { GoregoError } from '../errors/index.js'

/** Parses a message; bytes that are none throw `invalid-argument`, with `what` in the message (EX-08, GEN-01). */
export function decode<T>(type: { deserializeBinary(bytes: Uint8Array): T }, bytes: Uint8Array, what: string): T {
  try {
    return type.deserializeBinary(bytes)
  } catch (cause) {
    throw new GoregoError('invalid-argument', `${what} is not the protobuf message that it should be`, { cause })
  }
}
