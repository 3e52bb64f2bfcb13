import { createHash } from 'node:crypto'
import { digestMessage, paths, store } from '@gorego/conformance/client'
import { type Digest, reapi } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
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

const hashOf = ({ digest }: TestBlob) => digest.hash

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

test('GT-05: a token leads to the same place when a directory that was missing has come meanwhile', async () => {
  const children = Array.from({ length: 6 }, (_, n) => directoryOf({}, `gt late ${n}`)) as [
    TestBlob,
    TestBlob,
    TestBlob,
  ]
  const root = directoryOf(Object.fromEntries(children.map((child, n) => [`d${n}`, child])))
  const [, late] = children
  await store(rig.client, root, ...children.filter((child) => child !== late))
  const [first] = await pages(root.digest, { pageSize: 3 })
  await store(rig.client, late)
  const rest = await pages(root.digest, { pageToken: first?.token ?? '' })
  const hashes = [...(first?.hashes ?? []), ...rest.flatMap((page) => page.hashes)]
  assert.equal(hashes, [root, ...children.filter((child) => child !== late)].map(hashOf))
})

test.run()
