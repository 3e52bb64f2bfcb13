// Just enough of RFC 8878 to say anything in zstd: frames of raw blocks and of runs of one byte.
import { decompress } from 'fzstd'

const MAGIC = Buffer.from('28b52ffd', 'hex')
const SKIPPABLE_MAGIC = Buffer.from('502a4d18', 'hex')
/** A block may be no larger. */
const BLOCK = 128 * 1024
const RAW = 0
const RUN = 1

export interface FrameOptions {
  /** How many frames the bytes are spread over. */
  readonly frames?: number
  /** Whether each frame says how many bytes it holds. */
  readonly sized?: boolean
}

/** A valid zstd stream of these bytes; long runs of one byte become very short. */
export function zstdFrames(bytes: Uint8Array, { frames = 1, sized = false }: FrameOptions = {}): Buffer {
  const length = Math.max(1, Math.ceil(bytes.length / frames))
  const parts: Buffer[] = []
  for (let n = 0; n < frames; n++) parts.push(frame(bytes.subarray(n * length, (n + 1) * length), sized))
  return Buffer.concat(parts)
}

/** Bytes that a decoder leaves out. */
export function skippableFrame(bytes: Uint8Array): Buffer {
  return Buffer.concat([SKIPPABLE_MAGIC, uint32(bytes.length), bytes])
}

/** A frame that asks for a window of 2^(10 + exponent) bytes to hold next to nothing. */
export function frameOfWindow(bytes: Uint8Array, exponent: number): Buffer {
  return Buffer.concat([MAGIC, Buffer.from([0x00, exponent << 3]), ...blocks(bytes)])
}

/** A frame that was made with a dictionary which the decoder does not have. */
export function frameOfDictionary(bytes: Uint8Array): Buffer {
  // Dictionary id in four bytes.
  return Buffer.concat([MAGIC, Buffer.from([0x03, 0x38]), uint32(4711), ...blocks(bytes)])
}

/** What a zstd stream of any number of frames holds. Throws for one that is none, or that breaks off. */
export function unzstd(stream: Uint8Array): Buffer {
  return stream.length === 0 ? Buffer.alloc(0) : Buffer.from(decompress(stream))
}

function frame(bytes: Uint8Array, sized: boolean): Buffer {
  // Either a single segment that tells its size in eight bytes, or a window of 128 KiB.
  const header = sized ? Buffer.concat([Buffer.from([0xe0]), uint64(bytes.length)]) : Buffer.from([0x00, 0x38])
  return Buffer.concat([MAGIC, header, ...blocks(bytes)])
}

function* blocks(bytes: Uint8Array): Generator<Buffer> {
  if (bytes.length === 0) yield blockHeader(RAW, 0, true)
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK)
    const last = at + BLOCK >= bytes.length
    // Compared with itself, one byte on.
    const run = Buffer.compare(block.subarray(1), block.subarray(0, -1)) === 0
    yield blockHeader(run ? RUN : RAW, block.length, last)
    yield Buffer.from(run ? block.subarray(0, 1) : block)
  }
}

function blockHeader(type: number, size: number, last: boolean): Buffer {
  return uint32((size << 3) | (type << 1) | (last ? 1 : 0)).subarray(0, 3)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64LE(BigInt(value))
  return bytes
}
