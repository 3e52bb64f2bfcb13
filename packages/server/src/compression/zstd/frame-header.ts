import { malformed } from './malformed.js'

/**
 * How far back a frame may refer. The format allows terabytes, and a decoder needs as much memory; encoders stay within
 * 8 MiB at ordinary levels, some Go programs within 32 MiB.
 */
export const MAX_WINDOW = 32 * 1024 * 1024

/** The largest block that the format knows, compressed or not. */
export const MAX_BLOCK = 128 * 1024

export const FRAME_MAGIC = 0xfd2fb528

/** Any of 16 magic numbers begins a frame that decoders skip. */
export function isSkippable(magic: number): boolean {
  return magic >>> 4 === 0x184d2a5
}

export interface FrameHeader {
  /** Bytes that a frame may refer back to. */
  readonly windowSize: number
  /** Bytes of content, where the frame says it. */
  readonly contentSize: number | undefined
  /** Four bytes follow the last block; the digest of the blob is a better check. */
  readonly hasChecksum: boolean
}

const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const

/** Bytes between the magic number and the first block, by the byte that follows the magic number. */
export function headerLength(descriptor: number): number {
  return (isSingleSegment(descriptor) ? 0 : 1) + dictionaryIdBytes(descriptor) + contentSizeBytes(descriptor)
}

/** `rest`: the bytes behind the descriptor, as many as `headerLength` says. */
export function parseFrameHeader(descriptor: number, rest: Buffer): FrameHeader {
  if (descriptor & 0b1000) throw malformed('a frame sets a reserved bit')
  const single = isSingleSegment(descriptor)
  const idAt = single ? 0 : 1
  const idBytes = dictionaryIdBytes(descriptor)
  if (idBytes > 0 && rest.readUIntLE(idAt, idBytes) !== 0) throw malformed('a frame needs a dictionary')
  const contentSize = readContentSize(rest, idAt + idBytes, contentSizeBytes(descriptor))
  const windowSize = single ? (contentSize ?? 0) : readWindowSize(rest.readUInt8(0))
  if (windowSize > MAX_WINDOW)
    throw malformed(`a frame refers back up to ${windowSize} bytes; more than ${MAX_WINDOW} are not kept`)
  return { windowSize, contentSize, hasChecksum: (descriptor & 0b100) !== 0 }
}

function isSingleSegment(descriptor: number): boolean {
  return (descriptor & 0b10_0000) !== 0
}

function dictionaryIdBytes(descriptor: number): number {
  return DICTIONARY_ID_BYTES[descriptor & 0b11] ?? 0
}

function contentSizeBytes(descriptor: number): number {
  const flag = descriptor >>> 6
  return flag === 0 ? Number(isSingleSegment(descriptor)) : 2 ** flag
}

function readContentSize(bytes: Buffer, at: number, length: number): number | undefined {
  if (length === 0) return undefined
  if (length === 8) return Number(bytes.readBigUInt64LE(at))
  return bytes.readUIntLE(at, length) + (length === 2 ? 256 : 0)
}

function readWindowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3))
  return base + (base / 8) * (descriptor & 0b111)
}
