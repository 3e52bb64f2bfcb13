import { closeSync, constants, existsSync, openSync, unlinkSync } from 'node:fs'
import { onDiskOf } from '../disk/index.js'

export type StreamName = 'stdout' | 'stderr'

/** An open file can be opened again through it, as if it had a name. Not every system has it. */
const OWN_DESCRIPTORS = '/proc/self/fd'

/**
 * The two files that commands print to, the same ones for one command after the other: on ext4 it is dear to make a file
 * where many were removed just before. They have no names, so a command finds them nowhere but at its descriptors 1 and
 * 2, and nothing is to be removed afterwards.
 */
export class PrintedFiles {
  readonly #directory: string
  readonly #kept = new Map<StreamName, number>()

  /** `directory`: where the files have names for a moment, and take their space. */
  constructor(directory: string) {
    this.#directory = directory
  }

  /** Opens a file of which nothing is in it, to write and read from its beginning. */
  open(name: StreamName): number {
    return onDiskOf(`what the command prints, ${this.#directory}`, () => {
      const kept = this.#kept.get(name) ?? this.#make(name)
      if (kept === undefined) return openNameless(`${this.#directory}/${name}`)
      return openSync(`${OWN_DESCRIPTORS}/${kept}`, constants.O_RDWR | constants.O_TRUNC)
    })
  }

  /** Whether a link of /proc/<pid>/fd leads to one of the files. */
  isHeldBy(link: string): boolean {
    return link.startsWith(`${this.#directory}/`)
  }

  /** Somebody may still write to them: the next command gets others. */
  abandon(): void {
    for (const descriptor of this.#kept.values()) closeSync(descriptor)
    this.#kept.clear()
  }

  #make(name: StreamName): number | undefined {
    if (!existsSync(OWN_DESCRIPTORS)) return undefined
    const descriptor = openNameless(`${this.#directory}/${name}`)
    this.#kept.set(name, descriptor)
    return descriptor
  }
}

function openNameless(path: string): number {
  const descriptor = openSync(path, 'wx+', 0o644)
  unlinkSync(path)
  return descriptor
}
