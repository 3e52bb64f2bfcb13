import jspb from 'google-protobuf'
import { tooManyFields } from './field-count.js'

const { BinaryReader } = jspb

let left = Number.POSITIVE_INFINITY
let limit = Number.POSITIVE_INFINITY

/** Reads messages like any, but counts the fields, and stops when there are too many. */
class CountingReader extends BinaryReader {
  override nextField(): boolean {
    const found = super.nextField()
    if (found && left-- === 0) throw tooManyFields(limit)
    return found
  }
}

/**
 * Runs a parse that stops with `invalid-argument` at more fields than that. Which of the bytes are messages inside the
 * message only the generated code knows, and it makes its readers itself, by way of google-protobuf's module object: that is
 * where ours stands in for as long as the parse takes. Nothing else runs meanwhile.
 */
export function withFieldLimit<T>(maxFields: number, parse: () => T): T {
  left = maxFields
  limit = maxFields
  setReader(CountingReader)
  try {
    return parse()
  } finally {
    setReader(BinaryReader)
  }
}

function setReader(reader: typeof BinaryReader): void {
  Object.assign(jspb, { BinaryReader: reader })
}
