import { createHash } from 'node:crypto'
import { type Digest, reapi } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestMessage, paths, store, write, writeRequests } from './calls.js'
import { failure } from './raw-client.js'
import { ServerRig } from './server-rig.js'

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(() => rig.stop())

type Children = Readonly<Record<string, Pick<TestBlob, 'digest'>>>

/** A Directory of these children and one file that makes it different from others. */
function directoryOf(children: Children, mark = ''): TestBlob {
  const directory = new reapi.Directory()
  if (mark !== '') directory.addFiles(new reapi.FileNode().setName(mark).setDigest(digestMessage(blobOf(mark).digest)))
  for (const [name, { digest }] of Object.entries(children)) {
    directory.addDirectories(new reapi.DirectoryNode().setName(name).setDigest(digestMessage(digest)))
  }
  return blobOf(directory.serializeBinary())
}

interface Page {
  readonly hashes: string[]
  readonly token: string
  readonly sizeBytes: number
}

function treeRequest(root: Digest, { pageSize = 0, pageToken = '' } = {}): reapi.GetTreeRequest {
  return new reapi.GetTreeRequest().setRootDigest(digestMessage(root)).setPageSize(pageSize).setPageToken(pageToken)
}

async function pages(root: Digest, options: { pageSize?: number; pageToken?: string } = {}): Promise<Page[]> {
  const all: Page[] = []
  for await (const bytes of rig.client.serverStream(paths.getTree, treeRequest(root, options))) {
    const response = reapi.GetTreeResponse.deserializeBinary(bytes as Buffer)
    const hashes = response.getDirectoriesList().map((directory) => {
      return createHash('sha256').update(directory.serializeBinary()).digest('hex')
    })
    all.push({ hashes, token: response.getNextPageToken(), sizeBytes: (bytes as Buffer).length })
  }
  return all
}

async function treeFailure(root: Digest, options: { pageSize?: number; pageToken?: string } = {}): Promise<string> {
  return (await failure(rig.client.serverStream(paths.getTree, treeRequest(root, options)))).code
}

const hashOf = ({ digest }: TestBlob) => digest.hash
const sorted = (hashes: Iterable<string>) => [...hashes].sort()

test('GT-01: a root that is absent is NOT_FOUND', async () => {
  assert.is(await treeFailure(directoryOf({}, 'gt absent').digest), 'NOT_FOUND')
})

test('GT-02, GT-06: every directory comes once, the root first, also where several lead to it', async () => {
  const leaf = directoryOf({}, 'gt leaf')
  const [left, right] = [directoryOf({ leaf }, 'gt left'), directoryOf({ leaf }, 'gt right')]
  const root = directoryOf({ left, right, again: left, leaf })
  await store(rig.client, leaf, left, right, root)
  const [page, ...more] = await pages(root.digest)
  assert.is(more.length, 0)
  assert.is(page?.token, '')
  assert.is(page?.hashes[0], root.digest.hash)
  assert.equal(sorted(page?.hashes ?? []), sorted([root, left, right, leaf].map(hashOf)))
})

test('GT-02: the empty directory, which nobody stored, is a tree', async () => {
  const empty = directoryOf({})
  assert.equal(
    (await pages(empty.digest)).map(({ hashes }) => hashes),
    [[empty.digest.hash]],
  )
  const root = directoryOf({ empty }, 'gt with empty')
  await store(rig.client, root)
  assert.equal((await pages(root.digest))[0]?.hashes, [root, empty].map(hashOf))
})

test('GT-06: a diamond of diamonds does not go on for ever', async () => {
  let level = directoryOf({}, 'gt bottom')
  const levels = [level]
  for (let n = 0; n < 60; n++) {
    level = directoryOf({ a: level, b: level }, `gt ${n}`)
    levels.push(level)
  }
  await store(rig.client, ...levels)
  assert.is((await pages(level.digest)).flatMap(({ hashes }) => hashes).length, 61)
})

test('GT-03: missing descendants are left out', async () => {
  const [there, gone] = [directoryOf({}, 'gt there'), directoryOf({}, 'gt gone')]
  const root = directoryOf({ gone, there })
  await store(rig.client, there, root)
  assert.equal((await pages(root.digest))[0]?.hashes, [root, there].map(hashOf))
})

test('GT-04, GT-05: pages have at most as many as asked for, and each token but the last leads on from there', async () => {
  const children = Array.from({ length: 10 }, (_, n) => directoryOf({}, `gt child ${n}`))
  const root = directoryOf(Object.fromEntries(children.map((child, n) => [`d${n}`, child])))
  await store(rig.client, root, ...children)
  for (const pageSize of [1, 3, 10, 11, 100]) {
    const all = await pages(root.digest, { pageSize })
    assert.ok(all.every(({ hashes }) => hashes.length > 0 && hashes.length <= pageSize))
    assert.equal(
      all.flatMap(({ hashes }) => hashes),
      [root, ...children].map(hashOf),
    )
    assert.equal(
      all.map(({ token }) => token === ''),
      all.map((_, n) => n === all.length - 1),
    )
    for (const [n, { token }] of all.slice(0, -1).entries()) {
      assert.equal(await pages(root.digest, { pageSize, pageToken: token }), all.slice(n + 1))
    }
  }
})

test('GT-05: tokens that were not given out for this root are refused', async () => {
  const root = directoryOf({}, 'gt tokens')
  await store(rig.client, root)
  const { hash } = root.digest
  for (const pageToken of ['x', '1', `${hash}`, `${hash}-`, `${hash}--1`, `${hash}-2`, `${'a'.repeat(64)}-1`]) {
    assert.is(await treeFailure(root.digest, { pageToken }), 'INVALID_ARGUMENT', pageToken)
  }
  assert.is(await treeFailure(root.digest, { pageSize: -1 }), 'INVALID_ARGUMENT')
})

test('GT-07: responses stay under 4 MiB', async () => {
  const large = Array.from({ length: 5 }, (_, n) => {
    return directoryOf(Object.fromEntries(Array.from({ length: 9000 }, (_, i) => [`${n} ${i}`, blobOf(`${i % 7}`)])))
  })
  const root = directoryOf(Object.fromEntries(large.map((each, n) => [`d${n}`, each])))
  for (const each of [root, ...large]) await write(rig.client, writeRequests(each))
  const all = await pages(root.digest)
  assert.ok(all.length > 1 && all.every(({ sizeBytes }) => sizeBytes < 4 * 1024 * 1024))
  assert.is(all.flatMap(({ hashes }) => hashes).length, 6)
})

test('GT-07: a directory that fits no response is refused, without being read; if it is absent, it is absent', async () => {
  const huge = blobOfSize(5 * 1024 * 1024, 'gt huge')
  assert.is(await treeFailure(huge.digest), 'NOT_FOUND')
  await write(rig.client, writeRequests(huge))
  assert.is(await treeFailure(huge.digest), 'FAILED_PRECONDITION')
})

test('GT-08: what is no directory is refused', async () => {
  const blob = blobOf('gt this is no directory')
  await store(rig.client, blob)
  assert.is(await treeFailure(blob.digest), 'INVALID_ARGUMENT')
  const root = directoryOf({ nonsense: blob })
  await store(rig.client, root)
  assert.is(await treeFailure(root.digest), 'INVALID_ARGUMENT')
})

test.run()
