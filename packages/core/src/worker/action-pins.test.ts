import { deepEqual, equal, ok } from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import { LocalStore } from '../cas/index.js'
import { Digest } from '../digest/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Directory, DirectoryNode, FileNode } from '../proto/messages.js'
import { type BuiltAction, buildAction, type TreeSpec } from '../testing/action-builder.js'
import { blobOf } from '../testing/blobs.js'
import { FakeClock } from '../testing/fake-clock.js'
import { instead } from '../testing/instead.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { pinActions } from './action-pins.js'

const BLOCK = 4096

/** A store without a grace, and what is pinned in it. */
async function withStore(blocks: number, body: (store: LocalStore, pinned: Digest[]) => Promise<void>): Promise<void> {
  using directory = temporaryDirectory()
  const clock = new FakeClock()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: blocks * BLOCK, graceMs: 0, clock })
  await store.loaded
  const pinned: Digest[] = []
  using _ = pinActions({ store, actions: () => pinned })
  await body(store, pinned)
}

/** Has everything go that may. */
async function evictAll(store: LocalStore): Promise<void> {
  while (await store.room.shrink(store.usage.maxBytes));
}

const built = (inputs: TreeSpec | Directory, salt = '') => buildAction({ argv: ['true'], inputs, salt })
const left = async (store: LocalStore, { blobs }: BuiltAction) =>
  blobs.length - (await store.findMissing(blobs.map(({ digest }) => digest))).length

test('the Action, its Command, every Directory and every file are kept, and nothing else', async () => {
  await withStore(100, async (store, pinned) => {
    const needed = built({
      a: 'a',
      d: { directory: { b: 'b', e: { directory: { c: { content: 'c', executable: true } } } } },
    })
    const other = built({ x: 'x' })
    await needed.upload(store)
    await other.upload(store)
    pinned.push(needed.digest)
    await evictAll(store)
    equal(await left(store, needed), needed.blobs.length)
    // They have the same Command.
    equal(await left(store, other), 1)
  })
})

test('what is missing, or is no message, keeps nothing from being kept', async () => {
  await withStore(100, async (store, pinned) => {
    const garbage = blobOf(Buffer.from([0xff, 0xff, 0xff]))
    await store.write(garbage.digest, garbage.bytes)
    const holes = new Directory()
      .setFilesList([
        node(new FileNode(), 'gone', blobOf('gone').digest),
        node(new FileNode(), 'there', blobOf('there').digest),
      ])
      .setDirectoriesList([
        node(new DirectoryNode(), 'garbage', garbage.digest),
        node(new DirectoryNode(), 'lost', blobOf('lost').digest),
      ])
    const there = blobOf('there')
    await store.write(there.digest, there.bytes)
    const [broken, whole] = [built(holes), built({ a: 'a' })]
    await broken.upload(store)
    await whole.upload(store)
    pinned.push(blobOf('no such action').digest, garbage.digest, broken.digest, whole.digest)
    await evictAll(store)
    deepEqual(await store.findMissing([there.digest]), [])
    equal(await left(store, whole), whole.blobs.length)
  })
})

test('of more than half of what the store may hold the first are kept', async () => {
  await withStore(100, async (store, pinned) => {
    const actions = ['a', 'b', 'c', 'd'].map((name) => built({ [name]: name.repeat(20 * BLOCK) }, name))
    for (const action of actions) await action.upload(store)
    pinned.push(...actions.map(({ digest }) => digest))
    await evictAll(store)
    ok(store.usage.bytes <= 80 * BLOCK)
    deepEqual(await Promise.all(actions.slice(0, 2).map((action) => left(store, action))), [4, 4])
  })
})

test('sizes that nothing has count for nothing: an action that names them keeps no other from being kept', async () => {
  await withStore(100, async (store, pinned) => {
    const invented = (bytes: number, n: number) => {
      const { digest } = blobOf(`invented ${n}`)
      return toDigestMessage(Digest.of(digest.fn, digest.hash, bytes))
    }
    const sizes = [1e14, Number.MAX_SAFE_INTEGER, 100 * BLOCK, 60 * BLOCK, 60 * BLOCK, 30 * BLOCK, 30 * BLOCK]
    const files = sizes.map((bytes, n) => new FileNode().setName(`f${n}`).setDigest(invented(bytes, n)))
    const directories = sizes.map((_, n) =>
      new DirectoryNode().setName(`d${n}`).setDigest(invented(10 * BLOCK + n, 100 + n)),
    )
    const hostile = built(new Directory().setFilesList(files).setDirectoriesList(directories))
    const behind = ['a', 'b'].map((name) => built({ [name]: name.repeat(15 * BLOCK) }, name))
    for (const action of [hostile, ...behind]) await action.upload(store)
    pinned.push(...[hostile, ...behind].map(({ digest }) => digest))
    await evictAll(store)
    deepEqual(await Promise.all(behind.map((action) => left(store, action))), [4, 4])
  })
})

test('what is there counts, in whatever order it is named with what is not', async () => {
  await withStore(100, async (store, pinned) => {
    const large = Array.from({ length: 6 }, (_, n) => blobOf(`${n}`.repeat(15 * BLOCK)))
    for (const { digest, bytes } of large) await store.write(digest, bytes)
    const files = large.flatMap(({ digest }, n) => [
      node(new FileNode(), `there ${n}`, digest),
      node(new FileNode(), `invented ${n}`, Digest.of(digest.fn, digest.hash, 20 * BLOCK + n)),
    ])
    const action = built(new Directory().setFilesList(files))
    await action.upload(store)
    pinned.push(action.digest)
    await evictAll(store)
    const missing = await store.findMissing(large.map(({ digest }) => digest))
    // Room for three, and the one with which it is too much.
    deepEqual(
      missing,
      large.slice(4).map(({ digest }) => digest),
    )
  })
})

test('of an action that names very many things that are not there, the rest is not looked for; others are', async () => {
  await withStore(10_000, async (store, pinned) => {
    const files = Array.from({ length: 15_000 }, (_, n) => node(new FileNode(), `${n}`, blobOf(`invented ${n}`).digest))
    const [hostile, behind] = [built(new Directory().setFilesList(files)), built({ x: 'x' })]
    for (const action of [hostile, behind]) await action.upload(store)
    pinned.push(hostile.digest, behind.digest)
    let [walks, asked] = [0, 0]
    using _ = instead(store, 'findMissing', async (findMissing, digests) => {
      if (digests.some((digest) => digest.equals(hostile.digest))) walks++
      asked += digests.length
      ok(digests.length <= 2000, `${digests.length} in a turn`)
      return await findMissing(digests)
    })
    await evictAll(store)
    ok(walks > 0 && asked < walks * 14_000, `${asked} digests looked for in ${walks} walks`)
    equal(await left(store, behind), behind.blobs.length)
  })
})

test('a tree of very many files lets others have their turns', async () => {
  await withStore(100_000, async (store, pinned) => {
    const digest = blobOf('one of many').digest
    const many = new Directory().setFilesList(
      Array.from({ length: 30_000 }, (_, n) => node(new FileNode(), `${n}`, digest)),
    )
    const action = built(many)
    await action.upload(store)
    pinned.push(action.digest)
    let [turns, done] = [0, false]
    const evicted = evictAll(store).then(() => {
      done = true
    })
    for (; !done; turns++) await nextTurn()
    await evicted
    ok(turns > 10, `${turns} turns`)
  })
})

function node<N extends FileNode | DirectoryNode>(message: N, name: string, digest: Digest): N {
  message.setName(name)
  message.setDigest(toDigestMessage(digest))
  return message
}

test.run()
