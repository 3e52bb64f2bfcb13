import { equal, ok } from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { blobOfSize, temporaryDirectory } from '../testing/index.js'
import { BlobFileWriter } from './blob-file-writer.js'

test('pieces are appended in their order, however many and small, empty ones among them', async () => {
  using directory = temporaryDirectory()
  const { bytes } = blobOfSize(20_000, 'pieces')
  const writer = new BlobFileWriter(join(directory.path, 'file'))
  // More than one system call takes.
  const pieces = Array.from({ length: 5000 }, (_, n) => bytes.subarray(2 * n, 2 * n + 2))
  await writer.append([...pieces, new Uint8Array(0)])
  equal(writer.size, 10_000)
  writer.appendSync([bytes.subarray(10_000, 10_001), new Uint8Array(0), bytes.subarray(10_001)])
  await writer.append([])
  writer.appendSync([])
  equal(writer.size, 20_000)
  writer.commit(join(directory.path, 'done'))
  ok(readFileSync(join(directory.path, 'done')).equals(bytes))
})

test.run()
