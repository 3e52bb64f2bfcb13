// The files are the truth: what happens to them behind the back of a store that has them in its index.
import { deepEqual, equal } from 'node:assert/strict'
import { appendFileSync, chmodSync, existsSync, truncateSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import { STORED_MTIME_S } from '../disk/index.js'
import {
  blobOf,
  blobOfSize,
  collect,
  inChunks,
  rejectsWith,
  type TestBlob,
  temporaryDirectory,
} from '../testing/index.js'
import { LocalStore } from './local-store.js'

const blobs = [blobOfSize(1000), blobOfSize(300_000)]

const damages: Record<string, (path: string) => void> = {
  gone: unlinkSync,
  'cut short': (path) => truncateSync(path, 999),
  empty: (path) => truncateSync(path),
  'cut short, its time put back': (path) => {
    truncateSync(path, 999)
    utimesSync(path, STORED_MTIME_S, STORED_MTIME_S)
  },
  'appended to': (path) => {
    chmodSync(path, 0o644)
    appendFileSync(path, 'more')
  },
  'appended to, its time put back': (path) => {
    chmodSync(path, 0o644)
    appendFileSync(path, 'more')
    utimesSync(path, STORED_MTIME_S, STORED_MTIME_S)
  },
  'overwritten in place': (path) => {
    chmodSync(path, 0o644)
    writeFileSync(path, 'X', { flag: 'r+' })
    chmodSync(path, 0o444)
  },
}

const uses: Record<string, (store: LocalStore, blob: TestBlob) => Promise<unknown>> = {
  get: (store, { digest }) => store.get(digest),
  read: (store, { digest }) => collect(store.read(digest)),
  'look again': async (store, { digest }) => store.lookAgain([digest]),
}

for (const [what, damage] of Object.entries(damages)) {
  test(`a file that is ${what} counts as absent, and goes when that is noticed`, async () => {
    using directory = temporaryDirectory()
    for (const [use, notice] of Object.entries(uses)) {
      for (const blob of blobs) {
        using store = await LocalStore.open({ dir: directory.path })
        await store.write(blob.digest, blob.bytes)
        damage(store.layout.blob(blob.digest))
        if (use === 'look again') await notice(store, blob)
        else await rejectsWith('not-found', notice(store, blob))
        equal(existsSync(store.layout.blob(blob.digest)), false, use)
        deepEqual(await store.findMissing([blob.digest]), [blob.digest])
        deepEqual(store.usage.bytes, 0)
        await store.write(blob.digest, blob.bytes)
        equal(Buffer.compare(await store.get(blob.digest), blob.bytes), 0)
        store.discard(blob.digest)
      }
    }
  })

  test(`FM-06: a write makes a file that is ${what} whole again`, async () => {
    using directory = temporaryDirectory()
    using store = await LocalStore.open({ dir: directory.path })
    for (const { digest, bytes } of blobs) {
      for (const content of [bytes, inChunks(bytes, 10_000)]) {
        await store.write(digest, bytes)
        damage(store.layout.blob(digest))
        await store.write(digest, content)
        equal(Buffer.compare(await store.get(digest), bytes), 0)
      }
    }
  })

  test(`a file that is ${what} while no store is open is not served`, async () => {
    using directory = temporaryDirectory()
    for (const { digest, bytes } of blobs) {
      {
        using store = await LocalStore.open({ dir: directory.path })
        await store.write(digest, bytes)
        damage(store.layout.blob(digest))
      }
      using store = await LocalStore.open({ dir: directory.path })
      await rejectsWith('not-found', store.get(digest))
      deepEqual(await store.findMissing([digest]), [digest])
    }
  })
}

test('with the blob that is gone goes its executable', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { digest, bytes } = blobOf('tool')
  await store.write(digest, bytes)
  writeFileSync(store.layout.blob(digest, 'executable'), bytes)
  await store.adopt([{ digest, variant: 'executable' }])
  unlinkSync(store.layout.blob(digest))
  await rejectsWith('not-found', store.get(digest))
  equal(existsSync(store.layout.blob(digest, 'executable')), false)
  deepEqual(store.usage, { bytes: 0, maxBytes: 50e9, blobs: 0, complete: true })
})

test('a blob that another store evicted from the shared directory is absent here too, and can be stored again', async () => {
  using directory = temporaryDirectory()
  using roomy = await LocalStore.open({ dir: directory.path })
  using narrow = await LocalStore.open({ dir: directory.path, maxBytes: 4096, graceMs: 0 })
  const { digest, bytes } = blobOf('mine')
  await narrow.write(digest, bytes)
  equal(Buffer.compare(await roomy.get(digest), bytes), 0)
  const other = blobOf('other')
  await narrow.write(other.digest, other.bytes)
  await roomy.write(digest, bytes)
  equal(existsSync(roomy.layout.blob(digest)), true)
  equal(Buffer.compare(await narrow.get(digest), bytes), 0)
})

test('what is looked at again and is whole stays', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { digest, bytes } = blobOf('whole')
  await store.write(digest, bytes)
  store.lookAgain([digest])
  deepEqual(await store.findMissing([digest]), [])
  equal(existsSync(store.layout.blob(digest)), true)
})

test.run()
