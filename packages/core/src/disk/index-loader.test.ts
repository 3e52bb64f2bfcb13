import { deepEqual, equal, rejects } from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { test } from 'uvu'
import { Digest, MD5 } from '../digest/index.js'
import { filledDigest, fillStore, temporaryDirectory } from '../testing/index.js'
import { BlobIndex } from './blob-index.js'
import { IndexLoader } from './index-loader.js'
import { StoreLayout } from './store-layout.js'

const BLOBS = 2000

function filled(path: string): { index: BlobIndex; layout: StoreLayout } {
  fillStore(path, BLOBS)
  return { index: new BlobIndex(() => 0), layout: new StoreLayout(path) }
}

test('what is in the directory comes into the index in turns', async () => {
  using directory = temporaryDirectory()
  const { index, layout } = filled(directory.path)
  const loader = new IndexLoader(layout, index)
  equal(loader.isComplete, false)
  const sizes: number[] = []
  const count = () => {
    sizes.push(index.size)
    turn = setImmediate(count)
  }
  let turn = setImmediate(count)
  await loader.done
  clearImmediate(turn)
  equal(loader.isComplete, true)
  equal(index.size, BLOBS)
  equal(index.bytes, BLOBS * 4096)
  equal(new Set(sizes).size > 10, true, 'others had their turns meanwhile')
  equal(index.usedAt(filledDigest(0)), Number.NEGATIVE_INFINITY)
})

test('what is removed meanwhile does not come in by a listing from before', async () => {
  using directory = temporaryDirectory()
  const { index, layout } = filled(directory.path)
  const loader = new IndexLoader(layout, index)
  loader.removed(filledDigest(3))
  loader.removed(filledDigest(4))
  index.add(filledDigest(4), 'plain')
  await loader.done
  deepEqual([index.has(filledDigest(3)), index.has(filledDigest(4)), index.size], [false, true, BLOBS - 1])
})

test('a shard that cannot be listed is reported, when all others are loaded', async () => {
  using directory = temporaryDirectory()
  const { index, layout } = filled(directory.path)
  mkdirSync(layout.blobFunctionRoot(MD5), { recursive: true })
  for (const shard of ['00', 'ff']) writeFileSync(layout.blobShard(MD5, shard), '')
  const late = Digest.ofBytes(MD5, Buffer.from('late'))
  mkdirSync(dirname(layout.blob(late)))
  writeFileSync(layout.blob(late), 'late')
  const loader = new IndexLoader(layout, index)
  await rejects(loader.done, { code: 'ENOTDIR' })
  deepEqual([index.has(late), index.size, loader.isComplete], [true, BLOBS + 1, false])
})

test('one that is stopped adds nothing more', async () => {
  using directory = temporaryDirectory()
  const { index, layout } = filled(directory.path)
  const loader = new IndexLoader(layout, index)
  loader.stop()
  await loader.done
  deepEqual([index.size, loader.isComplete], [0, false])
})

test.run()
