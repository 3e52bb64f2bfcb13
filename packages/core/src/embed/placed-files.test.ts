import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ContentAddressableStorage, LocalStore, MemoryStore } from '../cas/index.js'
import { Digest, emptyDigest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { type MaterializeOptions, PlacedFiles } from './placed-files.js'

const space = temporaryDirectory()
let store: LocalStore
test.before(async () => {
  store = await LocalStore.open({ dir: join(space.path, 'store') })
})
test.after(() => {
  store[Symbol.dispose]()
  space[Symbol.dispose]()
})

let made = 0

/** A file of this content in the store, and a path in a new directory. */
async function output(text: string, executable = false, cas: ContentAddressableStorage = store) {
  const bytes = Buffer.from(text)
  const digest = Digest.ofBytes(SHA256, bytes)
  await cas.write(digest, bytes)
  const directory = join(space.path, String(made++))
  mkdirSync(directory)
  return { path: join(directory, 'file'), directory, digest, executable }
}

const storeFile = ({ digest, executable }: { digest: Digest; executable: boolean }) =>
  store.layout.blob(digest, executable ? 'executable' : 'plain')
const bits = (path: string) => (lstatSync(path).mode & 0o777).toString(8)

for (const executable of [false, true]) {
  test(`a hard link is the store's own file, ${executable ? 'the executable one' : 'and read-only'}`, async () => {
    const file = await output(`linked ${executable}`, executable)
    const placed = new PlacedFiles(store, { link: 'hardlink' })
    await placed.place(file)
    assert.equal(placed.counts, { linked: 1, cloned: 0, copied: 0 })
    assert.is(lstatSync(file.path).ino, lstatSync(storeFile(file)).ino)
    assert.is(bits(file.path), executable ? '555' : '444')
    assert.is(readFileSync(file.path, 'utf8'), `linked ${executable}`)
    // Renaming a file onto another name of it does nothing, and leaves both.
    await placed.place(file)
    assert.equal(readdirSync(file.directory), ['file'])
    assert.is(placed.counts.linked, 2)
  })

  for (const link of ['reflink', 'copy'] as const) {
    test(`${link}: a file of one's own${executable ? ', executable' : ''}`, async () => {
      const file = await output(`${link} ${executable}`, executable)
      writeFileSync(file.path, 'before')
      const placed = new PlacedFiles(store, { link })
      await placed.place(file)
      const { linked, cloned, copied } = placed.counts
      assert.equal([linked, cloned + copied], [0, 1])
      if (link === 'copy') assert.is(copied, 1)
      assert.is.not(lstatSync(file.path).ino, lstatSync(storeFile({ ...file, executable: false })).ino)
      assert.is(bits(file.path), ((executable ? 0o755 : 0o644) & ~process.umask()).toString(8))
      assert.ok(lstatSync(file.path).mtimeMs > Date.UTC(2020), 'written now')
      writeFileSync(file.path, 'changed')
      assert.is(Buffer.from(await store.get(file.digest)).toString(), `${link} ${executable}`)
      assert.equal(readdirSync(file.directory), ['file'])
    })
  }
}

test('a file that replaces a hard link leaves the store as it was', async () => {
  const file = await output('to be replaced')
  await new PlacedFiles(store, { link: 'hardlink' }).place(file)
  await new PlacedFiles(store, {}).place({ ...file, digest: (await output('the next')).digest })
  assert.is(readFileSync(file.path, 'utf8'), 'the next')
  assert.is(Buffer.from(await store.get(file.digest)).toString(), 'to be replaced')
})

test('who writes through a hard link spoils the blob, which the store notices', async () => {
  const file = await output('to be spoilt', true)
  await new PlacedFiles(store, { link: 'hardlink' }).place({ ...file, executable: false })
  chmodSync(file.path, 0o644)
  writeFileSync(file.path, 'spoilt, alas')
  const thrown = await new PlacedFiles(store, { link: 'hardlink' }).place(file).catch((error) => error)
  assert.instance(thrown, GoregoError)
  assert.is(thrown.code, 'not-found')
  assert.is((await store.findMissing([file.digest])).length, 1)
  assert.is(existsSync(storeFile(file)), false)
})

test('an executable file of the store that was written to is made anew', async () => {
  const file = await output('run me', true)
  await new PlacedFiles(store, { link: 'hardlink' }).place(file)
  chmodSync(file.path, 0o755)
  writeFileSync(file.path, 'run it')
  await new PlacedFiles(store, { link: 'hardlink' }).place(file)
  assert.is(readFileSync(file.path, 'utf8'), 'run me')
})

test('what is not in the store is not found, whatever it was to become, and nothing is left', async () => {
  for (const link of ['hardlink', 'reflink', 'copy'] as const) {
    const file = { ...(await output('there')), digest: Digest.ofBytes(SHA256, Buffer.from('not there')) }
    const thrown = await new PlacedFiles(store, { link }).place(file).catch((error) => error)
    assert.is(thrown.code, 'not-found', link)
    assert.equal(readdirSync(file.directory), [])
  }
})

test('the file of no bytes has none in the store, and other stores have no files', async () => {
  const memory = new MemoryStore()
  const options: MaterializeOptions = { link: 'hardlink' }
  const empty = { ...(await output('')), digest: emptyDigest(SHA256) }
  for (const [cas, file] of [
    [store, empty],
    [memory, await output('in memory', true, memory)],
  ] as const) {
    const placed = new PlacedFiles(cas, options)
    await placed.place(file)
    assert.equal(placed.counts, { linked: 0, cloned: 0, copied: 1 })
    assert.is(statSync(file.path).size, file.digest.sizeBytes)
    writeFileSync(file.path, 'is writable')
  }
})

const elsewhere = '/dev/shm'
const isElsewhere = existsSync(elsewhere) && statSync(elsewhere).dev !== statSync(space.path).dev
if (!isElsewhere) console.log(`SKIP another file system: there is none at ${elsewhere}`)
const withAnother = isElsewhere ? test : test.skip

withAnother('on another file system a hard link becomes a copy', async () => {
  using there = temporaryDirectory(elsewhere)
  for (const executable of [false, true]) {
    const file = { ...(await output('far away', executable)), path: join(there.path, 'file') }
    const placed = new PlacedFiles(store, { link: 'hardlink' })
    await placed.place(file)
    assert.equal(placed.counts, { linked: 0, cloned: 0, copied: 1 })
    assert.is(bits(file.path), executable ? '755' : '644')
    rmSync(file.path)
  }
})

test.run()
