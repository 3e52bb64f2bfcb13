import type { Digest } from '../digest/index.js'
import type { NodeProperties } from './messages.js'
import { varintLength, writeVarint } from './varint.js'

const FIRST_BYTES = 4096

// Field number * 8 + wire type: 2 is length-delimited, 0 a varint.
const OUTPUT_FILES_TAG = 0x12
const PATH_TAG = 0x0a
const DIGEST_TAG = 0x12
const IS_EXECUTABLE_TAG = 0x20
const NODE_PROPERTIES_TAG = 0x3a
const HASH_TAG = 0x0a
const SIZE_BYTES_TAG = 0x10

export interface OutputFileParts {
  readonly path: string
  readonly digest: Digest
  readonly executable: boolean
  readonly properties: NodeProperties | undefined
}

/**
 * `ActionResult.output_files`, encoded as they come: an action can have thousands, and messages made of each take ten times as long as
 * its bytes do, and leave as much for the garbage collector. Fields of a message may be put together in any order, so the rest of the
 * result is encoded by itself.
 */
export class OutputFileFields {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES)
  #length = 0

  add({ path, digest, executable, properties }: OutputFileParts): void {
    const pathLength = Buffer.byteLength(path)
    const encodedProperties = properties?.serializeBinary()
    const digestLength =
      delimitedLength(digest.hash.length) + (digest.sizeBytes === 0 ? 0 : 1 + varintLength(digest.sizeBytes))
    const length =
      (pathLength === 0 ? 0 : delimitedLength(pathLength)) +
      delimitedLength(digestLength) +
      (executable ? 2 : 0) +
      (encodedProperties === undefined ? 0 : delimitedLength(encodedProperties.length))
    this.#makeRoomFor(delimitedLength(length))
    this.#header(OUTPUT_FILES_TAG, length)
    if (pathLength > 0) {
      this.#header(PATH_TAG, pathLength)
      this.#length += this.#bytes.write(path, this.#length, 'utf8')
    }
    this.#header(DIGEST_TAG, digestLength)
    this.#header(HASH_TAG, digest.hash.length)
    this.#length += this.#bytes.write(digest.hash, this.#length, 'latin1')
    if (digest.sizeBytes > 0) this.#header(SIZE_BYTES_TAG, digest.sizeBytes)
    if (executable) this.#header(IS_EXECUTABLE_TAG, 1)
    if (encodedProperties !== undefined) {
      this.#header(NODE_PROPERTIES_TAG, encodedProperties.length)
      this.#bytes.set(encodedProperties, this.#length)
      this.#length += encodedProperties.length
    }
  }

  /** The result, of which everything else is encoded already. */
  finish(rest: Uint8Array): Uint8Array {
    const result = new Uint8Array(this.#length + rest.length)
    result.set(this.#bytes.subarray(0, this.#length))
    result.set(rest, this.#length)
    return result
  }

  /** A tag and what follows it: a value, or the length of one. */
  #header(tag: number, value: number): void {
    this.#bytes[this.#length] = tag
    this.#length = writeVarint(this.#bytes, this.#length + 1, value)
  }

  #makeRoomFor(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#bytes.length) return
    const bytes = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2))
    this.#bytes.copy(bytes, 0, 0, this.#length)
    this.#bytes = bytes
  }
}

/** A tag, a length and so many bytes. */
function delimitedLength(length: number): number {
  return 1 + varintLength(length) + length
}
