import {
  closeSync,
  constants,
  existsSync,
  fchownSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  unlinkSync,
} from 'node:fs'
import { onDiskOf } from '../disk/index.js'
import type { ActionUser } from './action-user.js'

export type StreamName = 'stdout' | 'stderr'

/** An open file can be opened again through it, as if it had a name. Not every system has it. */
const OWN_DESCRIPTORS = '/proc/self/fd'
const canReopen = existsSync(OWN_DESCRIPTORS)

/** More than anybody wants to read in an error. */
const BEGINNING = 1000

type Both = readonly [stdout: number, stderr: number]

/** The files of a command that is being started, until it is. */
export interface CommandsFiles extends Disposable {
  readonly descriptors: Both
}

/**
 * The two files that commands print to, the same ones for one command after the other: on ext4 it is dear to make a file
 * where many were removed just before. They have no names, so a command finds them nowhere but at its descriptors 1 and
 * 2, and nothing is to be removed afterwards. Each command has them opened afresh, so that it begins to write where they begin.
 */
export class PrintedFiles {
  readonly #directory: string
  readonly #user: ActionUser | undefined
  #kept: Both | undefined
  #abandoned = false

  /**
   * `directory`: where the files have names for a moment, and take their space. `user`: who is to be able to open them again, as
   * /dev/stdout.
   */
  constructor(directory: string, user?: ActionUser) {
    this.#directory = directory
    this.#user = user
  }

  /** To read from. */
  get descriptors(): Both {
    this.#kept ??= this.#make()
    return this.#kept
  }

  /** What was printed, the first of it. */
  beginning(name: StreamName): string {
    const bytes = Buffer.alloc(BEGINNING)
    const descriptor = this.descriptors[name === 'stdout' ? 0 : 1]
    return bytes.toString('utf8', 0, readSync(descriptor, bytes, 0, BEGINNING, 0))
  }

  /** For the next command. */
  empty(): void {
    // Without another way to open them afresh, each command gets files of its own.
    if (this.#abandoned || !canReopen) this.#drop()
    for (const descriptor of this.descriptors) if (!isEmpty(descriptor)) ftruncateSync(descriptor)
  }

  /** Opens them for one command to write to, where nobody else does. */
  openForCommand(): CommandsFiles {
    if (!canReopen) return { descriptors: this.descriptors, [Symbol.dispose]() {} }
    const [stdout, stderr] = this.descriptors
    const reopen = (kept: number) => openSync(`${OWN_DESCRIPTORS}/${kept}`, constants.O_RDWR)
    const descriptors = this.#onDisk(() =>
      openBoth(
        () => reopen(stdout),
        () => reopen(stderr),
      ),
    )
    return { descriptors, [Symbol.dispose]: () => closeBoth(descriptors) }
  }

  /** Whether a link of /proc/<pid>/fd leads to one of the files. */
  isHeldBy(link: string): boolean {
    return link.startsWith(`${this.#directory}/`)
  }

  /** Somebody may still write to them: the next command gets others. */
  abandon(): void {
    this.#abandoned = true
  }

  #drop(): void {
    if (this.#kept !== undefined) closeBoth(this.#kept)
    this.#kept = undefined
    this.#abandoned = false
  }

  #make(): Both {
    const make = (name: StreamName) => openNameless(`${this.#directory}/${name}`, this.#user)
    return this.#onDisk(() =>
      openBoth(
        () => make('stdout'),
        () => make('stderr'),
      ),
    )
  }

  #onDisk<T>(work: () => T): T {
    return onDiskOf(`what the command prints, ${this.#directory}`, work)
  }
}

function openBoth(openStdout: () => number, openStderr: () => number): Both {
  const stdout = openStdout()
  try {
    return [stdout, openStderr()]
  } catch (error) {
    closeSync(stdout)
    throw error
  }
}

/** Also of space that was asked for and not written to. To look is cheaper than to cut, and few commands print to stderr. */
function isEmpty(descriptor: number): boolean {
  const { size, blocks } = fstatSync(descriptor)
  return size === 0 && blocks === 0
}

function closeBoth(descriptors: Both): void {
  for (const descriptor of descriptors) closeSync(descriptor)
}

function openNameless(path: string, user: ActionUser | undefined): number {
  const descriptor = openSync(path, 'wx+', 0o644)
  unlinkSync(path)
  if (user !== undefined) fchownSync(descriptor, user.uid, user.gid)
  return descriptor
}
