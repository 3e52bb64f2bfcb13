import { readdirSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type Digest, type DigestFunction, digestFunctions } from '../digest/index.js'
import type { BlobIndex } from './blob-index.js'
import { ifThere } from './if-there.js'
import { isShardName, parseBlobName, type StoreLayout } from './store-layout.js'

/** File names, at some 1.5 µs each, before other work gets a turn. */
const NAMES_A_TURN = 500

interface Shard {
  readonly fn: DigestFunction
  readonly name: string
}

/**
 * Brings what lies in the store's directory into the index, while the store is in use: shard by shard, listed by another
 * thread. Until it is complete, what the index does not have may be on the disk all the same.
 */
export class IndexLoader {
  /** Rejects if a directory could not be listed; all others are loaded nevertheless. */
  readonly done: Promise<void>
  readonly #layout: StoreLayout
  readonly #index: BlobIndex
  /** Removed since it began: a listing from before may name them. */
  readonly #removed = new Set<string>()
  #state: 'loading' | 'complete' | 'incomplete' | 'stopped' = 'loading'

  /** Throws if there are directories of shards that cannot be listed. */
  constructor(layout: StoreLayout, index: BlobIndex) {
    this.#layout = layout
    this.#index = index
    // DIG-07: each function has a directory of its own.
    const shards = digestFunctions.flatMap((fn) => shardsOf(layout, fn))
    this.done = this.#load(shards)
  }

  /** Whether the index has everything. */
  get isComplete(): boolean {
    return this.#state === 'complete'
  }

  /** To be told of every blob that leaves the index. */
  removed(digest: Digest): void {
    if (this.#state === 'loading') this.#removed.add(digest.key)
  }

  get isStopped(): boolean {
    return this.#state === 'stopped'
  }

  /** `done` resolves soon after. */
  stop(): void {
    this.#state = 'stopped'
  }

  async #load(shards: readonly Shard[]): Promise<void> {
    const failures: unknown[] = []
    for (const shard of shards) {
      await this.#loadShard(shard).catch((error) => failures.push(error))
      if (this.isStopped) return
    }
    this.#removed.clear()
    this.#state = failures.length === 0 ? 'complete' : 'incomplete'
    if (failures.length > 0) throw failures[0]
  }

  async #loadShard({ fn, name }: Shard): Promise<void> {
    const files = await readdir(this.#layout.blobShard(fn, name))
    for (const [n, file] of files.entries()) {
      if (n % NAMES_A_TURN === NAMES_A_TURN - 1) await nextTurn()
      if (this.isStopped) return
      const blob = parseBlobName(fn, name, file)
      if (blob === undefined || this.#removed.has(blob.digest.key)) continue
      this.#index.load(blob.digest, blob.variant)
    }
  }
}

function shardsOf(layout: StoreLayout, fn: DigestFunction): Shard[] {
  const names = ifThere(() => readdirSync(layout.blobFunctionRoot(fn))) ?? []
  return names.filter(isShardName).map((name) => ({ fn, name }))
}
