import { deepEqual, equal, rejects } from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import { type ContentAddressableStorage, LocalStore, MemoryStore } from '../../cas/index.js'
import { emptyDigest, SHA256 } from '../../digest/index.js'
import { encodeDirectory, encodeTree } from '../../proto/canonical.js'
import { toDigestMessage } from '../../proto/digests.js'
import {
  ActionResult,
  Digest as DigestMessage,
  Directory,
  DirectoryNode,
  FileNode,
  OutputDirectory,
  OutputFile,
} from '../../proto/messages.js'
import { actionCacheContract, blobOf, type TestBlob, temporaryDirectory } from '../../testing/index.js'
import { MemoryActionCache } from '../memory-action-cache.js'
import { withCompleteness } from './completeness.js'

const key = { instance: '', action: blobOf('action').digest }

const outputFile = (path: string, { digest }: TestBlob) =>
  new OutputFile().setPath(path).setDigest(toDigestMessage(digest))
const fileNode = (name: string, { digest }: TestBlob) => new FileNode().setName(name).setDigest(toDigestMessage(digest))

function directoryOf(files: Record<string, TestBlob>, directories: Record<string, TestBlob> = {}): TestBlob {
  const directory = new Directory()
  for (const [name, blob] of Object.entries(files)) directory.addFiles(fileNode(name, blob))
  for (const [name, { digest }] of Object.entries(directories)) {
    directory.addDirectories(new DirectoryNode().setName(name).setDigest(toDigestMessage(digest)))
  }
  return blobOf(encodeDirectory(directory))
}

/** A result that refers to blobs in every way there is, and those blobs by what they are to it. */
function everyKindOfReference(): { result: Uint8Array; blobs: Record<string, TestBlob> } {
  const inTree = blobOf('a file of the tree’s root')
  const deepInTree = blobOf('a file of a child of the tree')
  const inRoot = blobOf('a file of the root directory')
  const deepInRoot = blobOf('a file far below the root directory')
  const inner = directoryOf({ f: deepInTree })
  const tree = blobOf(encodeTree(directoryOf({ f: inTree }, { inner }).bytes, [inner.bytes]))
  const lowest = directoryOf({ f: deepInRoot })
  const middle = directoryOf({}, { lowest })
  const root = directoryOf({ f: inRoot }, { middle, again: lowest })
  const blobs = {
    'output file': blobOf('an output file'),
    stdout: blobOf('what it printed'),
    stderr: blobOf('what it complained about'),
    tree,
    'file of the tree’s root': inTree,
    'file of a child of the tree': deepInTree,
    'root directory': root,
    'file of the root directory': inRoot,
    'directory in the middle': middle,
    'lowest directory': lowest,
    'file of the lowest directory': deepInRoot,
  }
  const message = new ActionResult()
    .setOutputFilesList([outputFile('out', blobs['output file']), outputFile('empty', blobOf(''))])
    .setStdoutDigest(toDigestMessage(blobs.stdout.digest))
    .setStderrDigest(toDigestMessage(blobs.stderr.digest))
    .setOutputDirectoriesList([
      new OutputDirectory().setPath('tree').setTreeDigest(toDigestMessage(tree.digest)),
      new OutputDirectory().setPath('root').setRootDirectoryDigest(toDigestMessage(root.digest)),
    ])
  return { result: message.serializeBinary(), blobs }
}

async function store(cas: ContentAddressableStorage, blobs: TestBlob[]): Promise<void> {
  for (const { digest, bytes } of blobs) await cas.write(digest, bytes)
}

async function cached(cas: ContentAddressableStorage, result: Uint8Array): Promise<Uint8Array | undefined> {
  const base = new MemoryActionCache()
  const cache = withCompleteness(base, cas)
  await cache.put(key, result)
  deepEqual(await base.get(key), Uint8Array.from(result))
  return await cache.get(key)
}

actionCacheContract(test, {
  name: 'withCompleteness',
  // Results of the contract are just bytes; these are read as messages.
  open: () => {
    const cache = withCompleteness(new MemoryActionCache(), new MemoryStore())
    return {
      cache: {
        get: async (key, signal) => unwrap(await cache.get(key, signal)),
        put: (key, result, signal) => cache.put(key, wrap(result), signal),
      },
    }
  },
})

function wrap(bytes: Uint8Array): Uint8Array {
  return new ActionResult().setStdoutRaw(bytes).serializeBinary()
}

function unwrap(result: Uint8Array | undefined): Uint8Array | undefined {
  return result && ActionResult.deserializeBinary(result).getStdoutRaw_asU8()
}

test('AC-02: a result whose blobs are all there is served as the bytes that it is', async () => {
  const { result, blobs } = everyKindOfReference()
  const cas = new MemoryStore()
  await store(cas, Object.values(blobs))
  deepEqual(await cached(cas, result), Uint8Array.from(result))
})

for (const missing of Object.keys(everyKindOfReference().blobs)) {
  test(`AC-02: a result without its ${missing} is a miss`, async () => {
    const { result, blobs } = everyKindOfReference()
    const cas = new MemoryStore()
    await store(
      cas,
      Object.values(blobs).filter((blob) => blob !== blobs[missing]),
    )
    equal(await cached(cas, result), undefined)
  })
}

test('AC-02: a root directory that is an output file as well is looked into all the same', async () => {
  const inner = blobOf('inner')
  const root = directoryOf({ inner })
  const message = new ActionResult()
    .setOutputFilesList([outputFile('directory.pb', root)])
    .setOutputDirectoriesList([new OutputDirectory().setPath('d').setRootDirectoryDigest(toDigestMessage(root.digest))])
  const cas = new MemoryStore()
  await store(cas, [root])
  equal(await cached(cas, message.serializeBinary()), undefined)
  await store(cas, [inner])
  deepEqual(await cached(cas, message.serializeBinary()), Uint8Array.from(message.serializeBinary()))
})

test('AC-03: looking a result up is a use of every blob that it refers to', async () => {
  using directory = temporaryDirectory()
  const { result, blobs } = everyKindOfReference()
  const used = Object.values(blobs)
  const unused = Array.from({ length: 20 }, (_, n) => blobOf(`unused ${n}`))
  const maxBytes = 4096 * (used.length + unused.length)
  using cas = await LocalStore.open({ dir: directory.path, maxBytes, graceMs: 0 })
  await store(cas, [...used, ...unused])
  await cached(cas, result)
  // As many as were not used: they take the places of those, and of no other.
  await store(
    cas,
    unused.map((_, n) => blobOf(`newcomer ${n}`)),
  )
  const isOnDisk = ({ digest }: TestBlob) => existsSync(cas.layout.blob(digest))
  deepEqual(
    used.map(isOnDisk),
    used.map(() => true),
  )
  deepEqual(
    unused.map(isOnDisk),
    unused.map(() => false),
  )
})

test('AC-02: a tree or directory that is garbage makes a miss', async () => {
  const badDigest = new DigestMessage().setHash('../etc').setSizeBytes(1)
  const badFile = new Directory().setFilesList([new FileNode().setName('f').setDigest(badDigest)]).serializeBinary()
  const badChild = new Directory().setDirectoriesList([new DirectoryNode().setName('d').setDigest(badDigest)])
  const garbage = [Buffer.from('no message at all'), Buffer.of(0x0a, 0xff)]
  const trees = [...garbage, encodeTree(badFile, []), encodeTree(new Uint8Array(0), [badFile])].map((bytes) =>
    blobOf(bytes),
  )
  const roots = [...garbage, badFile, badChild.serializeBinary()].map((bytes) => blobOf(bytes))
  const cas = new MemoryStore()
  await store(cas, [...trees, ...roots])
  const outputs = [
    ...trees.map(({ digest }) => new OutputDirectory().setTreeDigest(toDigestMessage(digest))),
    ...roots.map(({ digest }) => new OutputDirectory().setRootDirectoryDigest(toDigestMessage(digest))),
  ]
  for (const output of outputs) {
    const result = new ActionResult().setOutputDirectoriesList([output]).serializeBinary()
    equal(await cached(cas, result), undefined)
  }
})

test('AC-15: bytes that are no result, and results with digests that are none, are misses', async () => {
  const noDigest = new ActionResult().setOutputFilesList([new OutputFile().setPath('f')])
  const badDigest = new ActionResult().setStdoutDigest(new DigestMessage().setHash('x').setSizeBytes(1))
  const results = [noDigest.serializeBinary(), badDigest.serializeBinary()]
  for (const result of [Buffer.from('ccache stores what it likes'), ...results]) {
    equal(await cached(new MemoryStore(), result), undefined)
  }
})

test('an empty root directory is there without having been stored', async () => {
  const output = new OutputDirectory().setRootDirectoryDigest(toDigestMessage(emptyDigest(SHA256)))
  const result = new ActionResult().setOutputDirectoriesList([output]).serializeBinary()
  deepEqual(await cached(new MemoryStore(), result), Uint8Array.from(result))
})

test('a blob that goes between two looks makes a miss; a store that fails does not', async () => {
  const output = new OutputDirectory().setTreeDigest(toDigestMessage(blobOf('tree').digest))
  const result = new ActionResult().setOutputDirectoriesList([output]).serializeBinary()
  class Deceptive extends MemoryStore {
    override findMissing = async () => []
  }
  equal(await cached(new Deceptive(), result), undefined)
  const failure = new Error('the disk is on fire')
  class Burning extends Deceptive {
    override get = () => Promise.reject(failure)
  }
  await rejects(cached(new Burning(), result), failure)
})

test('a tree that is far too large to be one is not read: a miss', async () => {
  class Unreadable extends MemoryStore {
    override findMissing = async () => []
    override get = () => Promise.reject(new Error('this was read'))
  }
  const digest = toDigestMessage(blobOf('tree').digest).setSizeBytes(1e9)
  for (const output of [
    new OutputDirectory().setTreeDigest(digest),
    new OutputDirectory().setRootDirectoryDigest(digest),
  ]) {
    const result = new ActionResult().setOutputDirectoriesList([output]).serializeBinary()
    equal(await cached(new Unreadable(), result), undefined)
  }
})

test('AC-02: a directory of very many entries is looked through to its end, and lets others have their turns', async () => {
  const last = blobOf('the last of many')
  const many = new Directory().setFilesList([
    ...Array.from({ length: 30_000 }, (_, n) => fileNode(`${n}`, blobOf('one of many'))),
    fileNode('last', last),
  ])
  const directory = blobOf(many.serializeBinary())
  const cas = new MemoryStore()
  await store(cas, [blobOf('one of many'), directory])
  const tree = blobOf(encodeTree(directory.bytes, []))
  await store(cas, [tree])
  for (const output of [
    new OutputDirectory().setTreeDigest(toDigestMessage(tree.digest)),
    new OutputDirectory().setRootDirectoryDigest(toDigestMessage(directory.digest)),
  ]) {
    const result = new ActionResult().setOutputDirectoriesList([output]).serializeBinary()
    let turns = 0
    const count = () => {
      turns++
      immediate = setImmediate(count)
    }
    let immediate = setImmediate(count)
    equal(await cached(cas, result), undefined)
    clearImmediate(immediate)
    equal(turns > 1, true)
  }
  await store(cas, [last])
  const complete = new ActionResult()
    .setOutputDirectoriesList([new OutputDirectory().setTreeDigest(toDigestMessage(tree.digest))])
    .serializeBinary()
  deepEqual(await cached(cas, complete), Uint8Array.from(complete))
})

test.run()
