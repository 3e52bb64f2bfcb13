import { GoregoError } from '../errors/index.js'
import { FieldCount } from './field-count.js'
import { withFieldLimit } from './field-limit.js'
import { WireReader } from './wire-reader.js'

/** In a message that nobody says otherwise of: a Directory of more than 100,000 files has as many. */
export const MAX_FIELDS = 1_000_000

/**
 * Parses a message; bytes that are none throw `invalid-argument`, with `what` in the message (EX-08, GEN-01), and so does
 * a message of more than `maxFields`, those of the messages inside it counted: each costs hundreds of bytes of memory
 * and up to a microsecond, and takes as few as two bytes on the wire.
 */
export function decode<T>(
  type: { deserializeBinary(bytes: Uint8Array): T },
  bytes: Uint8Array,
  what: string,
  maxFields = MAX_FIELDS,
): T {
  try {
    checkFraming(bytes, maxFields)
    // A field takes two bytes or more: most messages are too short to have too many.
    if (bytes.length <= 2 * maxFields) return type.deserializeBinary(bytes)
    return withFieldLimit(maxFields, () => type.deserializeBinary(bytes))
  } catch (cause) {
    const why = cause instanceof GoregoError ? `: ${cause.message}` : ''
    throw new GoregoError('invalid-argument', `${what} is not the protobuf message that it should be${why}`, { cause })
  }
}

/** google-protobuf takes a stray end-group tag, such as the first byte of "this is no message", for the end of the message. */
function checkFraming(bytes: Uint8Array, maxFields: number): void {
  const reader = new WireReader(bytes, new FieldCount(maxFields))
  // Throws at anything but whole fields.
  while (reader.next());
}
