import { reapi } from '@gorego/core'

/** One WriteRequest; `data` is a view of the message. */
export interface WriteMessage {
  readonly resourceName: string
  readonly writeOffset: number
  readonly finishWrite: boolean
  readonly data: Uint8Array
}

const RESOURCE_NAME = 1
const WRITE_OFFSET = 2
const FINISH_WRITE = 3
const DATA = 10

const NO_DATA = new Uint8Array(0)

/** Reads a WriteRequest without copying what it carries. */
export function parseWriteRequest(bytes: Uint8Array): WriteMessage {
  let resourceName = ''
  let writeOffset = 0
  let finishWrite = false
  let data: Uint8Array = NO_DATA
  for (const field of reapi.wireFields(bytes)) {
    if (field.number === RESOURCE_NAME && field.bytes !== undefined)
      resourceName = Buffer.from(field.bytes).toString('utf8')
    else if (field.number === WRITE_OFFSET) writeOffset = field.value
    else if (field.number === FINISH_WRITE) finishWrite = field.value !== 0
    else if (field.number === DATA && field.bytes !== undefined) data = field.bytes
  }
  return { resourceName, writeOffset, finishWrite, data }
}

/** Field 10, length-delimited. */
const DATA_TAG = 0x52

/** A ReadResponse around a chunk. */
export function encodeReadResponse(data: Uint8Array): Buffer {
  const header: number[] = [DATA_TAG]
  let length = data.length
  for (; length > 0x7f; length = Math.floor(length / 128)) header.push((length & 0x7f) | 0x80)
  header.push(length)
  return Buffer.concat([Buffer.from(header), data])
}
