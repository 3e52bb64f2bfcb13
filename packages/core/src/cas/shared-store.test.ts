import { deepEqual } from 'node:assert/strict'
import { readdirSync, rmSync } from 'node:fs'
import { test } from 'uvu'
import {
  blobOf,
  blobOfSize,
  casContract,
  FakeClock,
  inChunks,
  rejectsWith,
  type TemporaryDirectory,
  temporaryDirectory,
} from '../testing/index.js'
import { LocalStore } from './local-store.js'
import type { LocalStoreOptions } from './local-store-options.js'
import { SharedStore } from './shared-store.js'

const KIB = 1024
const GRACE_MS = 10_000

/** A store, and another one over its directory, as a second process would have it. */
class Pair implements Disposable {
  readonly kept: LocalStore
  readonly shared: SharedStore
  readonly #directory: TemporaryDirectory
  /** Happens just before the keeper hears of something. */
  beforehand = () => {}

  private constructor(kept: LocalStore, directory: TemporaryDirectory) {
    this.#directory = directory
    this.kept = kept
    this.shared = new SharedStore({
      dir: directory.path,
      temporary: this.temporary,
      maxBytes: kept.usage.maxBytes,
      keeper: {
        ...kept.keeper,
        findMissing: async (digests, signal) => {
          this.beforehand()
          return await kept.keeper.findMissing(digests, signal)
        },
      },
    })
  }

  static async open(options: Partial<LocalStoreOptions> = {}): Promise<Pair> {
    const directory = temporaryDirectory()
    return new Pair(await LocalStore.open({ dir: directory.path, ...options }), directory)
  }

  get temporary(): string {
    return this.kept.workDirectory('shared')
  }

  [Symbol.dispose](): void {
    this.shared[Symbol.dispose]()
    this.kept[Symbol.dispose]()
    this.#directory[Symbol.dispose]()
  }
}

casContract(test, {
  name: 'SharedStore',
  async open() {
    const pair = await Pair.open()
    return {
      cas: pair.shared,
      leftovers: () => readdirSync(pair.temporary),
      close: () => pair[Symbol.dispose](),
    }
  },
})

test('what is written into one of two stores over a directory, both have', async () => {
  using pair = await Pair.open()
  const here = blobOfSize(200 * KIB, 'here')
  const there = blobOf('there')
  await pair.shared.write(here.digest, inChunks(here.bytes, 50 * KIB))
  await pair.kept.write(there.digest, there.bytes)
  deepEqual(Buffer.from(await pair.kept.get(here.digest)), Buffer.from(here.bytes))
  deepEqual(Buffer.from(await pair.shared.get(there.digest)), Buffer.from(there.bytes))
  deepEqual([pair.kept.usage.blobs, pair.kept.usage.bytes], [2, 204 * KIB])
})

test('FM-04: what is read, found or written through the shared store has its grace from then on', async () => {
  const clock = new FakeClock()
  using pair = await Pair.open({ clock, graceMs: GRACE_MS, maxBytes: 3 * 4 * KIB })
  const [read, found, written, next] = [blobOf('a'), blobOf('b'), blobOf('c'), blobOf('d')]
  for (const { digest, bytes } of [read, found, written]) await pair.kept.write(digest, bytes)
  clock.advance(GRACE_MS - 1)
  await pair.shared.get(read.digest)
  await pair.shared.findMissing([found.digest])
  await pair.shared.write(written.digest, written.bytes)
  clock.advance(GRACE_MS - 1)
  await rejectsWith('resource-exhausted', pair.shared.write(next.digest, next.bytes))
  clock.advance(1)
  await pair.shared.write(next.digest, next.bytes)
  deepEqual(await pair.kept.findMissing([read.digest, next.digest]), [read.digest])
})

test('a file that was removed behind the back of both is absent for both, once somebody wants to read it', async () => {
  using pair = await Pair.open()
  const { digest, bytes } = blobOf('gone')
  await pair.shared.write(digest, bytes)
  rmSync(pair.kept.layout.blob(digest))
  await rejectsWith('not-found', pair.shared.get(digest))
  deepEqual(await pair.kept.findMissing([digest]), [digest])
})

test('a blob that is gone again before it counts is not said to be stored', async () => {
  using pair = await Pair.open()
  const { digest, bytes } = blobOf('evicted at once')
  pair.beforehand = () => pair.kept.discard(digest)
  await rejectsWith('aborted', pair.shared.write(digest, inChunks(bytes, 5)))
})

test.run()
