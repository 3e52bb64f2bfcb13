import { setImmediate as nextTurn } from 'node:timers/promises'
import type { LocalStore } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { blocks } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { MAX_ACTION_BYTES } from '../proto/message-sizes.js'
import { DIRECTORY_DIRECTORIES, DIRECTORY_FILES, nodeDigests } from '../proto/node-digests.js'
import { readDigest } from '../proto/read-digest.js'
import { WireReader } from '../proto/wire-reader.js'

/** The part of a store that what waits may keep: of more than that nothing could run, because nothing could be stored. */
const SHARE = 0.5

/** Larger Directories are not read here. Their files have the grace, and links once they are staged. */
const MAX_DIRECTORY_BYTES = 16 * 1024 * 1024

/** What is looked at, counted in fields of a Directory at some µs each, before other work gets a turn. */
const FIELDS_A_TURN = 2000

/** What it costs to read a blob, in the same measure. */
const FIELDS_A_READ = 50

/** The field numbers of an Action. */
const COMMAND_DIGEST = 1
const INPUT_ROOT_DIGEST = 2

/** Whose inputs are kept, and where. */
export interface ActionPinsOptions {
  readonly store: LocalStore
  /** What is accepted and has no result yet. Where not all of it can be kept, the first ones are. */
  readonly actions: () => Iterable<Digest>
}

/**
 * Keeps what accepted actions need until they end: the Action, its Command, every Directory and every file. However long an action waits,
 * and though it be run again when its runner has died, what its client was told is there stays there. Trees are read when something is about to be evicted
 * that may be in one of them, and what they have in common once.
 */
export function pinActions({ store, actions }: ActionPinsOptions): Disposable {
  return store.pin(async () => {
    const walk = new Walk(store)
    for (const action of [...actions()]) {
      if (walk.isFull) return
      await walk.keepAction(action)
    }
  })
}

/** One look at everything that is needed. */
class Walk {
  readonly #store: LocalStore
  readonly #maxBytes: number
  /** Keys of what was found, or is about to be. */
  readonly #seen = new Set<string>()
  /** Files that were seen and are still to be found. */
  #files: Digest[] = []
  #bytes = 0
  #fields = 0

  constructor(store: LocalStore) {
    this.#store = store
    this.#maxBytes = store.usage.maxBytes * SHARE
  }

  get isFull(): boolean {
    return this.#bytes > this.#maxBytes
  }

  /** What is not there, or is not what it should be, is told to the client by whoever is to run the action. */
  async keepAction(action: Digest): Promise<void> {
    try {
      await this.#keepAction(action)
    } catch (error) {
      if (!(error instanceof GoregoError)) throw error
    }
    await this.#findFiles()
  }

  async #keepAction(action: Digest): Promise<void> {
    const bytes = await this.#read(action, MAX_ACTION_BYTES)
    if (bytes === undefined) return
    const reader = new WireReader(bytes)
    while (reader.next()) {
      if (reader.number === COMMAND_DIGEST) this.#keep(readDigest(action.fn, reader.message()))
      else if (reader.number === INPUT_ROOT_DIGEST) await this.#keepTree(readDigest(action.fn, reader.message()))
    }
  }

  async #keepTree(root: Digest): Promise<void> {
    const waiting = [root]
    for (let digest = waiting.pop(); digest !== undefined && !this.isFull; digest = waiting.pop()) {
      const bytes = await this.#read(digest, MAX_DIRECTORY_BYTES)
      if (bytes === undefined) continue
      for (const [list, use] of [
        [DIRECTORY_FILES, (file: Digest) => this.#keep(file)],
        [DIRECTORY_DIRECTORIES, (below: Digest) => waiting.push(below)],
      ] as const) {
        for (const node of nodeDigests(digest.fn, new WireReader(bytes), list)) {
          if (node !== undefined) use(node)
          if (this.#spend(1)) await this.#letOthers()
        }
      }
    }
  }

  /** Undefined for what was read before, is too large, or is not there. */
  async #read(digest: Digest, mostBytes: number): Promise<Uint8Array | undefined> {
    if (digest.sizeBytes > mostBytes || !this.#see(digest)) return undefined
    if (this.#spend(FIELDS_A_READ)) await this.#letOthers()
    const missing = await this.#store.findMissing([digest])
    return missing.length > 0 ? undefined : await this.#store.get(digest)
  }

  #keep(file: Digest): void {
    if (!this.isFull && this.#see(file)) this.#files.push(file)
  }

  #see(digest: Digest): boolean {
    if (this.#seen.has(digest.key)) return false
    this.#seen.add(digest.key)
    this.#bytes += blocks(digest.sizeBytes)
    return true
  }

  /** Whether it is time for others to have their turn. */
  #spend(fields: number): boolean {
    this.#fields += fields
    return this.#fields >= FIELDS_A_TURN
  }

  async #letOthers(): Promise<void> {
    this.#fields = 0
    await this.#findFiles()
    await nextTurn()
  }

  async #findFiles(): Promise<void> {
    const files = this.#files
    this.#files = []
    await this.#store.findMissing(files)
  }
}
