import { equal, notEqual, ok } from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { blobOf, blobOfSize, collect, inChunks } from './blobs.js'
import { temporaryDirectory } from './temporary-directory.js'

test('a blob of a size is the same every time, and another for every seed', () => {
  for (const size of [0, 1, 1000]) equal(blobOfSize(size).bytes.length, size)
  equal(blobOfSize(1000).digest.key, blobOfSize(1000).digest.key)
  notEqual(blobOfSize(1000).digest.key, blobOfSize(1000, 'other').digest.key)
})

test('chunks give back the whole', async () => {
  const { bytes } = blobOf('0123456789')
  const parts: string[] = []
  for await (const chunk of inChunks(bytes, 4)) parts.push(Buffer.from(chunk).toString())
  equal(parts.join(' '), '0123 4567 89')
  equal((await collect(copies(inChunks(bytes, 4)))).toString(), '0123456789')
})

test('a temporary directory is empty, and gone with all that was put into it', () => {
  const directory = temporaryDirectory()
  equal(readdirSync(directory.path).length, 0)
  mkdirSync(join(directory.path, 'a', 'b'), { recursive: true })
  writeFileSync(join(directory.path, 'a', 'b', 'c'), '')
  using other = temporaryDirectory(directory.path)
  ok(other.path.startsWith(`${directory.path}/`))
  directory[Symbol.dispose]()
  equal(existsSync(directory.path), false)
})

async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield Uint8Array.from(chunk)
}

test.run()
