import { close, closeSync, fstatSync, lstatSync, openSync, read as readCallback, readSync } from 'node:fs'
import { promisify } from 'node:util'
import { isIntact } from '../disk/index.js'
import type { AllocateChunk, ByteRange } from './content-addressable-storage.js'

const read = promisify(readCallback)

/** Bytes of one chunk of a streamed blob: so many that the way to the thread pool and back costs little beside the reading. */
export const READ_CHUNK = 512 * 1024

/** Up to this size one synchronous read (some 15 µs) beats four trips through the thread pool (some 150 µs). */
export const SMALL_BLOB = 64 * 1024

/** `altered`: not what was stored; cut short, or written to since. */
export type FileState = 'intact' | 'absent' | 'altered'

export function stateOfFile(path: string, sizeBytes: number): FileState {
  const stats = lstatSync(path, { throwIfNoEntry: false })
  if (stats === undefined) return 'absent'
  return isIntact(stats, sizeBytes) ? 'intact' : 'altered'
}

/** Opens a stored file, unless it is not there, or not what was stored. */
export function openIntact(path: string, sizeBytes: number): { fd: number } | Exclude<FileState, 'intact'> {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'absent'
    throw error
  }
  if (isIntact(fstatSync(fd), sizeBytes)) return { fd }
  closeSync(fd)
  return 'altered'
}

/** The whole blob in an open file; closes it. */
export async function readBlob(fd: number, sizeBytes: number, signal?: AbortSignal): Promise<Uint8Array> {
  if (sizeBytes <= SMALL_BLOB) return readWhole(fd, sizeBytes)
  const whole = Buffer.allocUnsafeSlow(sizeBytes)
  let at = 0
  const next = (bytes: number) => whole.subarray(at, at + bytes)
  for await (const chunk of readChunks(fd, sizeBytes, {}, signal, next)) at += chunk.length
  return whole
}

/** A range of the blob in an open file, a small one in one chunk; closes it. */
export async function* readRange(
  fd: number,
  sizeBytes: number,
  range: ByteRange,
  signal?: AbortSignal,
  allocate?: AllocateChunk,
): AsyncGenerator<Uint8Array> {
  if (sizeBytes > SMALL_BLOB) {
    yield* readChunks(fd, sizeBytes, range, signal, allocate)
    return
  }
  const { offset = 0, length } = range
  const chunk = readWhole(fd, sizeBytes).subarray(offset, length === undefined ? undefined : offset + length)
  if (chunk.length > 0) yield chunk
}

/** The whole of an open file, at once; closes it. */
function readWhole(fd: number, sizeBytes: number): Buffer {
  try {
    const buffer = Buffer.allocUnsafe(sizeBytes)
    for (let at = 0; at < sizeBytes; ) {
      const count = readSync(fd, buffer, at, sizeBytes - at, at)
      if (count === 0) throw new Error(`file ended after ${at} of ${sizeBytes} bytes`)
      at += count
    }
    return buffer
  } finally {
    closeSync(fd)
  }
}

/** A range of an open file in chunks; closes it when done, or when the consumer stops early. */
export async function* readChunks(
  fd: number,
  sizeBytes: number,
  range: ByteRange,
  signal?: AbortSignal,
  // A fresh buffer each time: the consumer may still be sending the last one.
  allocate: AllocateChunk = Buffer.allocUnsafeSlow,
): AsyncGenerator<Uint8Array> {
  try {
    let at = range.offset ?? 0
    const end = range.length === undefined ? sizeBytes : Math.min(sizeBytes, at + range.length)
    while (at < end) {
      signal?.throwIfAborted()
      const buffer = allocate(Math.min(READ_CHUNK, end - at))
      const { bytesRead } = await read(fd, buffer, 0, buffer.length, at)
      if (bytesRead === 0) throw new Error(`file ended after ${at} of ${sizeBytes} bytes`)
      at += bytesRead
      yield bytesRead === buffer.length ? buffer : buffer.subarray(0, bytesRead)
    }
  } finally {
    close(fd)
  }
}
