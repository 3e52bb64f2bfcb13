import { closeSync, fstatSync, ftruncateSync, openSync } from 'node:fs'
import { onDiskOf } from '../disk/index.js'

export type StreamName = 'stdout' | 'stderr'

/** Faster than disks and pipes are: a stream that has so much room left cannot be over its limit any earlier. */
const FASTEST_BYTES_PER_MS = 2_000_000

/** The shortest and the longest time between two looks, in milliseconds. */
const SHORTEST_MS = 5
const LONGEST_MS = 1_000

/**
 * The files that a command's stdout and stderr go to, and the limit on what is in them. Nobody reads along: their sizes are
 * looked at now and then, the oftener the less room is left, so a command can get some megabytes beyond before it is
 * noticed, and those are cut off. Descriptors are kept, because a command may put something else at the paths.
 */
export class PrintedStreams implements Disposable {
  readonly #maxBytes: number
  readonly #descriptors: Readonly<Record<StreamName, number>>
  #timer: NodeJS.Timeout | undefined

  constructor(paths: Readonly<Record<StreamName, string>>, maxBytes: number) {
    this.#maxBytes = maxBytes
    this.#descriptors = onDiskOf(`what the command prints, ${paths.stdout}`, () => openBoth(paths))
  }

  /** For the command's descriptors 1 and 2. */
  get descriptors(): readonly [stdout: number, stderr: number] {
    return [this.#descriptors.stdout, this.#descriptors.stderr]
  }

  /** Tells once when a stream is over the limit, until disposed of. */
  watch(onOverflow: () => void): void {
    const room = this.#maxBytes - Math.max(this.#size('stdout'), this.#size('stderr'))
    if (room < 0) {
      onOverflow()
      return
    }
    const pause = Math.min(Math.max(room / FASTEST_BYTES_PER_MS, SHORTEST_MS), LONGEST_MS)
    this.#timer = setTimeout(() => this.watch(onOverflow), pause)
  }

  /** Cuts both down to the limit, when nobody writes any more; returns those that were beyond it. */
  cut(): StreamName[] {
    const over = (['stdout', 'stderr'] as const).filter((name) => this.#size(name) > this.#maxBytes)
    for (const name of over) ftruncateSync(this.#descriptors[name], this.#maxBytes)
    return over
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    for (const descriptor of this.descriptors) closeSync(descriptor)
  }

  #size(name: StreamName): number {
    return fstatSync(this.#descriptors[name]).size
  }
}

function openBoth(paths: Readonly<Record<StreamName, string>>): Readonly<Record<StreamName, number>> {
  const stdout = openSync(paths.stdout, 'w', 0o644)
  try {
    return { stdout, stderr: openSync(paths.stderr, 'w', 0o644) }
  } catch (error) {
    closeSync(stdout)
    throw error
  }
}
