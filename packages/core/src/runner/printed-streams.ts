import { fstatSync, ftruncateSync, readSync } from 'node:fs'
import type { Digest, DigestFunction } from '../digest/index.js'
import type { BlobFiles } from './blob-files.js'
import type { PrintedFiles, StreamName } from './printed-files.js'

const NAMES = ['stdout', 'stderr'] as const

/** Faster than disks and pipes are: a stream that has so much room left cannot be over its limit any earlier. */
const FASTEST_BYTES_PER_MS = 2_000_000

/** The shortest and the longest time between two looks, in milliseconds. */
const SHORTEST_MS = 5
const LONGEST_MS = 1_000

/** Up to so many bytes are stored from memory. */
const SMALL = 64 * 1024

/**
 * What one command prints, and the limit on it. Nobody reads along: the sizes of the files
 * are looked at now and then, the oftener the less room is left, so a command can get some megabytes beyond before it is
 * noticed, and those are cut off.
 */
export class PrintedStreams implements Disposable {
  readonly #maxBytes: number
  readonly #descriptors: Readonly<Record<StreamName, number>>
  /** When the command has ended. */
  #sizes: Record<StreamName, number> = { stdout: 0, stderr: 0 }
  #timer: NodeJS.Timeout | undefined

  constructor(files: PrintedFiles, maxBytes: number) {
    this.#maxBytes = maxBytes
    files.empty()
    const [stdout, stderr] = files.descriptors
    this.#descriptors = { stdout, stderr }
  }

  /** Tells once when a stream is over the limit, until the command has ended. To be called when it has just been started. */
  watch(onOverflow: () => void): void {
    this.#lookLater(this.#maxBytes, onOverflow)
  }

  /** What was printed from there on, up to the limit; empty where there is nothing yet. */
  read(name: StreamName, offset: number, mostBytes: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(Math.min(mostBytes, Math.max(0, this.#maxBytes - offset)))
    return bytes.subarray(0, readSync(this.#descriptors[name], bytes, 0, bytes.length, offset))
  }

  /** Cuts both down to the limit, when the command has ended; returns those that were beyond it. */
  end(): StreamName[] {
    clearTimeout(this.#timer)
    this.#sizes = { stdout: this.#size('stdout'), stderr: this.#size('stderr') }
    const over = NAMES.filter((name) => this.#sizes[name] > this.#maxBytes)
    for (const name of over) {
      ftruncateSync(this.#descriptors[name], this.#maxBytes)
      this.#sizes[name] = this.#maxBytes
    }
    return over
  }

  /** Adds what is in a stream, since its end, to the store. OR-09: an empty one has no digest. */
  store(name: StreamName, fn: DigestFunction, blobs: BlobFiles): Digest | undefined {
    const descriptor = this.#descriptors[name]
    const size = this.#sizes[name]
    if (size === 0) return undefined
    if (size > SMALL) return blobs.storeCopy(fn, descriptor)
    const bytes = Buffer.allocUnsafe(size)
    return blobs.storeBytes(fn, bytes.subarray(0, readSync(descriptor, bytes, 0, size, 0)))
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #lookLater(room: number, onOverflow: () => void): void {
    const pause = Math.min(Math.max(room / FASTEST_BYTES_PER_MS, SHORTEST_MS), LONGEST_MS)
    this.#timer = setTimeout(() => {
      const left = this.#maxBytes - Math.max(this.#size('stdout'), this.#size('stderr'))
      if (left < 0) onOverflow()
      else this.#lookLater(left, onOverflow)
    }, pause)
  }

  #size(name: StreamName): number {
    return fstatSync(this.#descriptors[name]).size
  }
}
