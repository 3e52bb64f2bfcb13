import { deepEqual, equal, ok } from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import { type Digest, digestFunctions, SHA512 } from '../digest/index.js'
import { STORED_MTIME_S } from '../disk/index.js'
import {
  blobOf,
  blobOfSize,
  casContract,
  collect,
  inChunks,
  rejectsWith,
  temporaryDirectory,
} from '../testing/index.js'
import { LocalStore } from './local-store.js'

const KIB = 1024

/** Every file below the store's directory for what is under way: unfinished uploads. */
function underWay(dir: string): string[] {
  const entries = readdirSync(join(dir, 'run'), { recursive: true, withFileTypes: true })
  return entries.filter((entry) => !entry.isDirectory()).map((entry) => entry.name)
}

for (const fn of digestFunctions) {
  casContract(test, {
    name: `LocalStore, ${fn.name}`,
    fn,
    async open() {
      const directory = temporaryDirectory()
      const store = await LocalStore.open({ dir: directory.path })
      return {
        cas: store,
        leftovers: () => underWay(directory.path),
        close() {
          store[Symbol.dispose]()
          deepEqual(readdirSync(join(directory.path, 'run')), [])
          directory[Symbol.dispose]()
        },
      }
    },
  })
}

test('the index is loaded when a store is opened', async () => {
  using directory = temporaryDirectory()
  const blobs = [1, 100, 70 * KIB].map((size) => blobOfSize(size))
  {
    using store = await LocalStore.open({ dir: directory.path })
    for (const { digest, bytes } of blobs) await store.write(digest, bytes)
  }
  using store = await LocalStore.open({ dir: directory.path })
  await store.loaded
  deepEqual(store.usage, { bytes: (4 + 4 + 72) * KIB, maxBytes: 50e9, blobs: 3, complete: true })
  deepEqual(await store.findMissing(blobs.map((blob) => blob.digest)), [])
  for (const { digest, bytes } of blobs) equal(Buffer.compare(await store.get(digest), bytes), 0)
})

test('a store that is opened again has the blobs of every function, in one budget', async () => {
  using directory = temporaryDirectory()
  const blobs = await Promise.all(
    digestFunctions.map(async (fn) => {
      await fn.prepare()
      return blobOf('content', fn)
    }),
  )
  {
    using store = await LocalStore.open({ dir: directory.path })
    for (const { digest, bytes } of blobs) await store.write(digest, bytes)
  }
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 4 * KIB * blobs.length, graceMs: 0 })
  await store.loaded
  equal(store.usage.blobs, blobs.length)
  deepEqual(await store.findMissing(blobs.map(({ digest }) => digest)), [])
  const more = blobOf('one more', SHA512)
  await store.write(more.digest, more.bytes)
  equal(store.usage.blobs, blobs.length)
})

test('a new store has no directory that no blob needs', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  deepEqual(readdirSync(store.layout.blobs), [])
  const { digest, bytes } = blobOf('content')
  await store.write(digest, bytes)
  deepEqual(readdirSync(store.layout.blobs), ['sha256'])
  deepEqual(readdirSync(join(store.layout.blobs, 'sha256')), [digest.hash.slice(0, 2)])
})

test('files in the directory that are not blobs are let be', async () => {
  using directory = temporaryDirectory()
  const { digest } = blobOf('content')
  const { hash } = digest
  const shard = join(directory.path, 'cas', 'sha256', hash.slice(0, 2))
  const elsewhere = join(directory.path, 'cas', 'sha256', hash.startsWith('00') ? '01' : '00')
  const strangers = [
    ...['README', '.nfs0001', hash, `${hash}-`, `${hash}-x`, `${hash}-7.exe`, `${hash}--7`, `${hash}-7.x.x`],
    ...[`${hash.toUpperCase()}-7`, `${hash.slice(1)}-7`, `${hash}-007`, `${hash}-99999999999999999999`, `${hash}-7\n`],
  ].map((name) => join(shard, name))
  strangers.push(
    join(elsewhere, `${hash}-7`),
    join(directory.path, 'cas', 'sha256', 'zz'),
    join(directory.path, 'cas', 'x'),
  )
  for (const path of strangers) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, 'content')
  }
  using store = await LocalStore.open({ dir: directory.path })
  await store.loaded
  equal(store.usage.blobs, 0)
  deepEqual(await store.findMissing([digest]), [digest])
  for (const path of strangers) ok(existsSync(path), path)
})

test('stored files are read-only and carry the one fixed time, whatever the umask', async () => {
  for (const umask of [0o077, 0o022, 0o777]) {
    using directory = temporaryDirectory()
    const blobs = [10, 100 * KIB].map((size) => blobOfSize(size))
    using store = await LocalStore.open({ dir: directory.path })
    const before = process.umask(umask)
    try {
      for (const { digest, bytes } of blobs) await store.write(digest, inChunks(bytes, 70 * KIB))
    } finally {
      process.umask(before)
    }
    for (const { digest } of blobs) {
      const stats = statSync(store.layout.blob(digest))
      equal(stats.mode & 0o777, 0o444)
      equal(stats.mtimeMs, STORED_MTIME_S * 1000)
    }
  }
})

test('GEN-07: nothing is left of an upload that could not be put in place', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { digest, bytes } = blobOf('in the way')
  mkdirSync(store.layout.blob(digest), { recursive: true })
  await store.write(digest, bytes).then(
    () => ok(false, 'the write cannot succeed'),
    (error) => equal(error.code, 'EISDIR'),
  )
  deepEqual(underWay(directory.path), [])
})

test('a store that cannot be opened leaves no session', async () => {
  using directory = temporaryDirectory()
  mkdirSync(join(directory.path, 'cas'), { recursive: true })
  writeFileSync(join(directory.path, 'cas', 'sha256'), 'not a directory')
  await LocalStore.open({ dir: directory.path }).then(
    () => ok(false, 'opening cannot succeed'),
    (error) => equal(error.code, 'ENOTDIR'),
  )
  deepEqual(readdirSync(join(directory.path, 'run')), [])
})

test('BW-13: a blob larger than the whole store is refused before any of it is read', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 8 * KIB, graceMs: 0 })
  const { digest, bytes } = blobOfSize(8 * KIB + 1)
  let asked = false
  async function* content() {
    asked = true
    yield bytes
  }
  await rejectsWith('resource-exhausted', store.write(digest, content()))
  await rejectsWith('resource-exhausted', store.write(digest, bytes))
  equal(asked, false)
  const fits = blobOfSize(8 * KIB)
  await store.write(fits.digest, fits.bytes)
  deepEqual(store.usage, { bytes: 8 * KIB, maxBytes: 8 * KIB, blobs: 1, complete: true })
})

test('the least recently used make room; finding, getting, reading and writing again are uses (FM-04, BR-10)', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 6 * 4 * KIB, graceMs: 0 })
  const names = ['found', 'gotten', 'read', 'forgotten', 'written again', 'streamed again']
  for (const name of names) await store.write(blobOf(name).digest, blobOf(name).bytes)
  await store.findMissing([blobOf('found').digest])
  await store.get(blobOf('gotten').digest)
  await collect(store.read(blobOf('read').digest))
  await store.write(blobOf('written again').digest, blobOf('written again').bytes)
  await store.write(blobOf('streamed again').digest, inChunks(blobOf('streamed again').bytes, 5))

  const gone: string[] = []
  for (const newcomer of ['u', 'v', 'w', 'x', 'y', 'z']) {
    await store.write(blobOf(newcomer).digest, blobOf(newcomer).bytes)
    equal(store.usage.bytes, 6 * 4 * KIB)
    // The files tell; asking the store would be a use.
    gone.push(...names.filter((name) => !gone.includes(name) && !isOnDisk(store, blobOf(name).digest)))
  }
  deepEqual(gone, ['forgotten', 'found', 'gotten', 'read', 'written again', 'streamed again'])
  equal((await store.findMissing(gone.map((name) => blobOf(name).digest))).length, 6)
  await rejectsWith('not-found', store.get(blobOf('forgotten').digest))
})

test('a store that is opened with less room than it takes shrinks', async () => {
  using directory = temporaryDirectory()
  const blobs = Array.from({ length: 5 }, (_, n) => blobOf(`blob ${n}`))
  {
    using store = await LocalStore.open({ dir: directory.path })
    for (const { digest, bytes } of blobs) await store.write(digest, bytes)
  }
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 2 * 4 * KIB + 100, graceMs: 0 })
  await store.loaded
  deepEqual(store.usage, { bytes: 2 * 4 * KIB, maxBytes: 2 * 4 * KIB + 100, blobs: 2, complete: true })
  equal(blobs.filter(({ digest }) => isOnDisk(store, digest)).length, 2)
})

test('BR-10: a blob that is evicted while it is read is read to its end', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 2048 * KIB, graceMs: 0 })
  const { digest, bytes } = blobOfSize(2000 * KIB, 'read')
  await store.write(digest, bytes)
  const reader = store.read(digest)
  const first = (await reader.next()).value as Uint8Array
  const other = blobOfSize(2000 * KIB, 'evicts the other')
  await store.write(other.digest, other.bytes)
  equal(isOnDisk(store, digest), false)
  equal(Buffer.compare(Buffer.concat([first, await collect(reader)]), bytes), 0)
})

test('executables have an inode of their own, which counts and is evicted with the blob', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 3 * 4 * KIB, graceMs: 0 })
  const tool = blobOf('tool')
  const other = blobOf('other')
  const third = blobOf('third')
  await store.write(tool.digest, tool.bytes)
  writeFileSync(store.layout.blob(tool.digest, 'executable'), tool.bytes)
  await store.adopt([{ digest: tool.digest, variant: 'executable' }])
  await store.adopt([{ digest: tool.digest, variant: 'executable' }])
  equal(store.usage.bytes, 2 * 4 * KIB)
  await store.write(other.digest, other.bytes)
  await store.write(third.digest, third.bytes)
  equal(store.usage.bytes, 2 * 4 * KIB)
  equal(existsSync(store.layout.blob(tool.digest, 'executable')), false)
  deepEqual(await store.findMissing([tool.digest, other.digest, third.digest]), [tool.digest])
})

test('an executable alone does not make a blob', async () => {
  using directory = temporaryDirectory()
  const { digest, bytes } = blobOf('#!/bin/sh')
  {
    using store = await LocalStore.open({ dir: directory.path })
    mkdirSync(dirname(store.layout.blob(digest)), { recursive: true })
    writeFileSync(store.layout.blob(digest, 'executable'), bytes)
  }
  using store = await LocalStore.open({ dir: directory.path })
  await store.loaded
  equal(store.usage.blobs, 1)
  deepEqual(await store.findMissing([digest]), [digest])
  await rejectsWith('not-found', store.get(digest))
  await store.write(digest, bytes)
  deepEqual(await store.findMissing([digest]), [])
})

test('a work directory is on the file system of the blobs and goes with the store', async () => {
  using directory = temporaryDirectory()
  const store = await LocalStore.open({ dir: directory.path })
  const work = store.workDirectory('slots')
  equal(work, store.workDirectory('slots'))
  equal(statSync(work).dev, statSync(store.layout.blobs).dev)
  writeFileSync(join(work, 'file'), '')
  store[Symbol.dispose]()
  equal(existsSync(work), false)
})

const isOnDisk = (store: LocalStore, digest: Digest) => existsSync(store.layout.blob(digest))

test.run()
