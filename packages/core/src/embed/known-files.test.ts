import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { type Digest, SHA256 } from '../digest/index.js'
import { blobOf } from '../testing/blobs.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { storeFileInputs } from './file-inputs.js'
import { KnownFiles, type KnownFilesOptions } from './known-files.js'

const space = temporaryDirectory()
const path = (name: string) => join(space.path, name)
test.after(() => space[Symbol.dispose]())

/** Long after the files of these tests were written. */
const now = () => Date.now() + 60_000
const open = (options: Partial<KnownFilesOptions> = {}) => new KnownFiles({ fn: SHA256, now, ...options })

/** Counts what is stored, which is what is read. */
class CountingStore extends MemoryStore {
  writes = 0
  override async write(digest: Digest, content: Parameters<MemoryStore['write']>[1]): Promise<void> {
    this.writes++
    await super.write(digest, content)
  }
}

async function hash(knownFiles: KnownFiles, file: string, cas = new CountingStore()) {
  const [stored] = await storeFileInputs([{ kind: 'file', path: file }], { cas, fn: SHA256, knownFiles })
  return stored?.digest
}

const known = (files: KnownFiles, file: string) => files.find(file, statSync(file, { bigint: true }))

test('a file is known until anything about it changes, the modification time set back or not', async () => {
  const files = open()
  writeFileSync(path('file'), 'one')
  const { mtime, atime } = statSync(path('file'))
  assert.equal(await hash(files, path('file')), blobOf('one').digest)
  assert.equal(known(files, path('file')), blobOf('one').digest)
  const before = statSync(path('file'), { bigint: true }).ctimeNs
  // A file system's clock moves by some milliseconds at a time.
  do {
    writeFileSync(path('file'), 'two')
    utimesSync(path('file'), atime, mtime)
  } while (statSync(path('file'), { bigint: true }).ctimeNs === before)
  assert.is(known(files, path('file')), undefined)
  assert.equal(await hash(files, path('file')), blobOf('two').digest)
  writeFileSync(path('other'), 'six')
  renameSync(path('other'), path('file'))
  assert.is(known(files, path('file')), undefined)
})

test('a file that changed just before it was read is not trusted, nor one from the future', async () => {
  writeFileSync(path('racy'), 'one')
  const changedAt = statSync(path('racy')).ctimeMs
  for (const [after, trusted] of [
    [-1, false],
    [1_990, false],
    [2_100, true],
  ] as const) {
    const files = open({ now: () => changedAt + after })
    await hash(files, path('racy'))
    assert.is(known(files, path('racy')) !== undefined, trusted, String(after))
  }
})

test('what is known is neither read nor stored; what the store has lost is stored again', async () => {
  const files = open()
  const cas = new CountingStore()
  writeFileSync(path('kept'), 'kept')
  for (const writes of [1, 1]) {
    assert.equal(await hash(files, path('kept'), cas), blobOf('kept').digest)
    assert.is(cas.writes, writes)
  }
  const lossy = new CountingStore()
  assert.equal(await hash(files, path('kept'), lossy), blobOf('kept').digest)
  assert.is(lossy.writes, 1)
  assert.equal(await lossy.findMissing([blobOf('kept').digest]), [])
})

test('the next process knows them, and two that share the file add up', async () => {
  mkdirSync(path('shared'))
  const where = { path: path('shared/known') }
  const [one, two] = [open(where), open(where)]
  for (const name of ['a', 'b']) writeFileSync(path(name), name)
  await Promise.all([hash(one, path('a')), hash(two, path('b'))])
  await one.save()
  await two.save()
  const next = open(where)
  await next.load()
  assert.equal(known(next, path('a')), blobOf('a').digest)
  assert.equal(known(next, path('b')), blobOf('b').digest)
  assert.equal(readdirSync(path('shared')), ['known'])
})

test('a file that is cut short or garbled is as good as none', async () => {
  const where = { path: path('garbled') }
  const files = open(where)
  writeFileSync(path('c'), 'c')
  await hash(files, path('c'))
  await files.save()
  const bytes = readFileSync(path('garbled'))
  const other = Buffer.from(bytes)
  other[bytes.indexOf('\n') + 1] = other[bytes.indexOf('\n') + 1] === 0x30 ? 0x31 : 0x30
  for (const bad of [bytes.subarray(0, -1), other, Buffer.alloc(0), Buffer.from('nothing of ours\n')]) {
    writeFileSync(path('garbled'), bad)
    const next = open(where)
    await next.load()
    assert.is(next.size, 0)
  }
  writeFileSync(path('garbled'), bytes)
  const next = open(where)
  await next.load()
  assert.is(next.size, 1)
})

test('so many are remembered: those looked at longest ago are forgotten', async () => {
  const where = { path: path('few'), most: 2 }
  const files = open(where)
  for (const name of ['x', 'y', 'x', 'z']) {
    writeFileSync(path(name), name, { flag: 'a' })
    await hash(files, path(name))
    if (name === 'y') known(files, path('x'))
  }
  assert.is(files.size, 2)
  assert.is(known(files, path('y')), undefined)
  await files.save()
  const next = open(where)
  await next.load()
  assert.is(next.size, 2)
})

test('names that would break the list are found out anew', async () => {
  const where = { path: path('list') }
  const files = open(where)
  writeFileSync(path('line\nbreak'), 'l')
  writeFileSync(path('with space \u{1f600}'), 's')
  await hash(files, path('line\nbreak'))
  await hash(files, path('with space \u{1f600}'))
  await files.save()
  const next = open(where)
  await next.load()
  assert.is(next.size, 1)
  assert.equal(known(next, path('with space \u{1f600}')), blobOf('s').digest)
})

test.run()
