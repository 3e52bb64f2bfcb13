import { GoregoError } from '../errors/index.js'
import { wireFields } from './wire.js'

/** Parses a message; bytes that are none throw `invalid-argument`, with `what` in the message (EX-08, GEN-01). */
export function decode<T>(type: { deserializeBinary(bytes: Uint8Array): T }, bytes: Uint8Array, what: string): T {
  try {
    checkFraming(bytes)
    return type.deserializeBinary(bytes)
  } catch (cause) {
    throw new GoregoError('invalid-argument', `${what} is not the protobuf message that it should be`, { cause })
  }
}

/** google-protobuf takes a stray end-group tag, such as the first byte of "this is no message", for the end of the message. */
function checkFraming(bytes: Uint8Array): void {
  for (const _ of wireFields(bytes)) {
    // Throws at anything but whole fields.
  }
}
