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

/** What it costs to read a blob, and to ask the disk for one that is not known, in the same measure. */
const FIELDS_A_READ = 50
const FIELDS_A_LOOK_UP = 4

/** An action of which so many blobs are not here is not looked into any further: they cost look-ups, and nobody has had to store them. */
const MOST_MISSING = 10_000

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
  /** Of what was found. What a client says of a size counts for nothing until a blob of that size is there. */
  #bytes = 0
  /** Of the action that is looked at, those that were not found. */
  #missing = 0
  #fields = 0

  constructor(store: LocalStore) {
    this.#store = store
    this.#maxBytes = store.usage.maxBytes * SHARE
  }

  get isFull(): boolean {
    return this.#bytes > this.#maxBytes
  }

  /** Whether the action that is looked at has had its share. */
  get #isEnough(): boolean {
    return this.isFull || this.#missing >= MOST_MISSING
  }

  /** What is not there, or is not what it should be, is told to the client by whoever is to run the action. */
  async keepAction(action: Digest): Promise<void> {
    this.#missing = 0
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
    for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
      const bytes = await this.#read(digest, MAX_DIRECTORY_BYTES)
      if (bytes === undefined) continue
      for (const [list, use] of [
        [DIRECTORY_FILES, (file: Digest) => this.#keep(file)],
        [DIRECTORY_DIRECTORIES, (below: Digest) => waiting.push(below)],
      ] as const) {
        for (const node of nodeDigests(digest.fn, new WireReader(bytes), list)) {
          if (this.#isEnough) return
          if (node !== undefined) use(node)
          if (this.#spend(1)) await this.#letOthers()
        }
      }
    }
  }

  /** Undefined for what was read before, is too large, or is not there. */
  async #read(digest: Digest, mostBytes: number): Promise<Uint8Array | undefined> {
    if (digest.sizeBytes > mostBytes || this.#isEnough || !this.#see(digest)) return undefined
    if (this.#spend(FIELDS_A_READ)) await this.#letOthers()
    return (await this.#find([digest])) ? await this.#store.get(digest) : undefined
  }

  #keep(file: Digest): void {
    if (this.#see(file)) this.#files.push(file)
  }

  #see(digest: Digest): boolean {
    if (this.#seen.has(digest.key)) return false
    this.#seen.add(digest.key)
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
    this.#fields = 0
    await nextTurn()
  }

  /** In portions that there is room for if all of them are there: what is found is kept. */
  async #findFiles(): Promise<void> {
    let [portion, claimed] = [[] as Digest[], 0]
    const files = this.#files
    this.#files = []
    for (const file of files) {
      const bytes = blocks(file.sizeBytes)
      if (portion.length > 0 && this.#bytes + claimed + bytes > this.#maxBytes) {
        await this.#find(portion)
        ;[portion, claimed] = [[], 0]
      }
      if (this.#isEnough) return
      portion.push(file)
      claimed += bytes
    }
    await this.#find(portion)
  }

  /** Keeps those that are there; whether all are. */
  async #find(digests: readonly Digest[]): Promise<boolean> {
    const missing = await this.#store.findMissing(digests)
    const absent = new Set(missing.map(({ key }) => key))
    for (const { key, sizeBytes } of digests) if (!absent.has(key)) this.#bytes += blocks(sizeBytes)
    this.#missing += missing.length
    if (this.#spend(missing.length * FIELDS_A_LOOK_UP)) {
      this.#fields = 0
      await nextTurn()
    }
    return missing.length === 0
  }
}
