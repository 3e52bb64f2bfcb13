import { createHash } from 'node:crypto'
import { type Digest, reapi } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { callFailure, digestMessage, isCode, isMissing, paths, store, upload } from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const getTree = new Cases()
const { test } = getTree

const CLIENTS_RECEIVE = 4 * 1024 * 1024

type Children = Readonly<Record<string, Pick<TestBlob, 'digest'>>>

/** A Directory of these children, and of one file that makes it different from all others. */
function directoryOf(t: Tester, children: Children, mark: string): TestBlob {
  const file = new reapi.FileNode().setName('mark').setDigest(digestMessage(t.blob(mark).digest))
  return plainDirectory(children).addFile(file)
}

function plainDirectory(children: Children) {
  const directory = new reapi.Directory()
  for (const [name, { digest }] of Object.entries(children)) {
    directory.addDirectories(new reapi.DirectoryNode().setName(name).setDigest(digestMessage(digest)))
  }
  return {
    addFile: (file: reapi.FileNode) => blobOf(directory.setFilesList([file]).serializeBinary()),
    blob: () => blobOf(directory.serializeBinary()),
  }
}

interface Page {
  readonly hashes: string[]
  readonly token: string
  readonly sizeBytes: number
}

interface PageOptions {
  readonly pageSize?: number
  readonly pageToken?: string
}

function treeRequest(t: Tester, root: Digest, { pageSize = 0, pageToken = '' }: PageOptions = {}) {
  return new reapi.GetTreeRequest()
    .setInstanceName(t.client.instance)
    .setRootDigest(digestMessage(root))
    .setPageSize(pageSize)
    .setPageToken(pageToken)
}

async function pages(t: Tester, root: Digest, options: PageOptions = {}): Promise<Page[]> {
  const all: Page[] = []
  for await (const bytes of t.client.serverStream(paths.getTree, treeRequest(t, root, options))) {
    const response = reapi.GetTreeResponse.deserializeBinary(bytes as Buffer)
    const hashes = response.getDirectoriesList().map((directory) => {
      return createHash('sha256').update(directory.serializeBinary()).digest('hex')
    })
    all.push({ hashes, token: response.getNextPageToken(), sizeBytes: (bytes as Buffer).length })
  }
  return all
}

const flat = (all: readonly Page[]) => all.flatMap(({ hashes }) => hashes)
/** Each hash once. */
const distinct = (hashes: Iterable<string>) => [...new Set(hashes)].sort()
const hashOf = ({ digest }: TestBlob) => digest.hash

async function isRefused(t: Tester, root: Digest, code: string | readonly string[], options: PageOptions = {}) {
  isCode(await callFailure(t.client, paths.getTree, treeRequest(t, root, options)), code, options.pageToken)
}

/** A root with so many children. */
async function family(t: Tester, count: number): Promise<{ root: TestBlob; all: TestBlob[] }> {
  const children = Array.from({ length: count }, (_, n) => directoryOf(t, {}, `child ${n}`))
  const root = directoryOf(t, Object.fromEntries(children.map((child, n) => [`d${n}`, child])), 'root')
  await store(t.client, root, ...children)
  return { root, all: [root, ...children] }
}

test('GT-01: a root that is absent is NOT_FOUND', async (t) => {
  await isRefused(t, directoryOf(t, {}, 'absent').digest, 'NOT_FOUND')
})

test('GT-02: every directory comes, the root among them', async (t) => {
  const deep = directoryOf(t, {}, 'deep')
  const [left, right] = [directoryOf(t, { deep }, 'left'), directoryOf(t, {}, 'right')]
  const root = directoryOf(t, { left, right }, 'root')
  await store(t.client, deep, left, right, root)
  assert.equal(distinct(flat(await pages(t, root.digest))), distinct([root, left, right, deep].map(hashOf)))
})

test(
  'GT-02: the root comes first',
  async (t) => {
    const { root } = await family(t, 3)
    assert.is(flat(await pages(t, root.digest))[0], root.digest.hash)
  },
  { level: 'D' },
)

test('GT-02, BR-02: the empty directory, which nobody stored, is a tree', async (t) => {
  const empty = plainDirectory({}).blob()
  assert.equal(flat(await pages(t, empty.digest)), [empty.digest.hash])
  const root = directoryOf(t, { empty }, 'with an empty one')
  await store(t.client, root)
  assert.equal(distinct(flat(await pages(t, root.digest))), distinct([root, empty].map(hashOf)))
})

test('GT-03: missing descendants are left out, with what is only below them', async (t) => {
  const below = directoryOf(t, {}, 'below')
  const [there, gone] = [directoryOf(t, {}, 'there'), directoryOf(t, { below }, 'gone')]
  const root = directoryOf(t, { gone, there }, 'root')
  await store(t.client, there, root)
  assert.equal(distinct(flat(await pages(t, root.digest))), distinct([root, there].map(hashOf)))
})

test('GT-04: pages have at most as many as asked for, and all of them together are the tree', async (t) => {
  const { root, all } = await family(t, 10)
  for (const pageSize of [1, 3, 10, 11, 100]) {
    const answered = await pages(t, root.digest, { pageSize })
    const largest = Math.max(...answered.map(({ hashes }) => hashes.length))
    assert.ok(largest <= pageSize, `${largest} of ${pageSize}`)
    assert.equal(flat(answered).sort(), all.map(hashOf).sort())
  }
})

test('GT-05: only the last page has no token; each other token leads on from there, in a new call', async (t) => {
  const { root, all } = await family(t, 10)
  for (const pageSize of [0, 4]) {
    const answered = await pages(t, root.digest, { pageSize })
    assert.equal(
      answered.map(({ token }) => token === ''),
      answered.map((_, n) => n === answered.length - 1),
    )
    for (const [n, { token }] of answered.slice(0, -1).entries()) {
      const rest = await pages(t, root.digest, { pageSize, pageToken: token })
      const both = [...flat(answered.slice(0, n + 1)), ...flat(rest)]
      assert.equal(both.sort(), all.map(hashOf).sort())
    }
  }
})

test('GT-05: a token that nobody gave out is refused', async (t) => {
  const { root } = await family(t, 1)
  for (const pageToken of ['x', '!!!', 'a'.repeat(500)]) {
    await isRefused(t, root.digest, 'INVALID_ARGUMENT', { pageToken })
  }
})

test(
  'GT-05, GT-04: so is one of another root, one that counts too far, and a negative page size',
  async (t) => {
    const { root } = await family(t, 1)
    const { hash } = root.digest
    for (const pageToken of ['1', hash, `${hash}-`, `${hash}--1`, `${hash}-3`, `${'a'.repeat(64)}-1`]) {
      await isRefused(t, root.digest, 'INVALID_ARGUMENT', { pageToken })
    }
    await isRefused(t, root.digest, 'INVALID_ARGUMENT', { pageSize: -1 })
  },
  { level: 'D' },
)

test('GT-06: a directory that several lead to comes once', async (t) => {
  const leaf = directoryOf(t, {}, 'leaf')
  const [left, right] = [directoryOf(t, { leaf }, 'left'), directoryOf(t, { leaf }, 'right')]
  const root = directoryOf(t, { left, right, again: left, leaf }, 'root')
  await store(t.client, leaf, left, right, root)
  assert.equal(flat(await pages(t, root.digest)).sort(), [root, left, right, leaf].map(hashOf).sort())
})

test('GT-06: a diamond of diamonds, which stands for 2^60 directories, has an end', async (t) => {
  let level = directoryOf(t, {}, 'bottom')
  const levels = [level]
  for (let n = 0; n < 60; n++) {
    level = directoryOf(t, { a: level, b: level }, `${n}`)
    levels.push(level)
  }
  await store(t.client, ...levels)
  assert.is(flat(await pages(t, level.digest)).length, 61)
})

test('GT-07, CL-05: responses stay below 4 MiB', async (t) => {
  const large = Array.from({ length: 5 }, (_, n) => {
    const digest = digestMessage(t.blob('any').digest)
    const files = Array.from({ length: 9000 }, (_, i) => new reapi.FileNode().setName(`${n} ${i}`).setDigest(digest))
    return blobOf(new reapi.Directory().setFilesList(files).serializeBinary())
  })
  const root = directoryOf(t, Object.fromEntries(large.map((each, n) => [`d${n}`, each])), 'root')
  for (const each of [root, ...large]) await upload(t.client, each)
  const all = await pages(t, root.digest)
  assert.ok(all.every(({ sizeBytes }) => sizeBytes < CLIENTS_RECEIVE))
  assert.equal(distinct(flat(all)), distinct([root, ...large].map(hashOf)))
})

test(
  'GT-07: a directory that fits no response is refused; where it is absent, it is absent',
  async (t) => {
    const huge = t.blob(5 * 1024 * 1024)
    await isRefused(t, huge.digest, 'NOT_FOUND')
    await upload(t.client, huge)
    assert.not(await isMissing(t.client, huge))
    await isRefused(t, huge.digest, 'FAILED_PRECONDITION')
  },
  { level: 'D' },
)

test('GT-08: what is no directory is refused', async (t) => {
  const blob = blobOf(Buffer.concat([Buffer.from('ffff', 'hex'), t.blob('no directory').bytes]))
  const root = directoryOf(t, { nonsense: blob }, 'root')
  await store(t.client, blob, root)
  await isRefused(t, blob.digest, 'INVALID_ARGUMENT')
  await isRefused(t, root.digest, 'INVALID_ARGUMENT')
})
