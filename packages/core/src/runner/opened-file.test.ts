import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BLAKE3, Digest, SHA256 } from '../digest/index.js'
import { temporaryDirectory } from '../testing/index.js'
import { OpenedFile } from './opened-file.js'

test('a file is hashed and copied whole, however its size and the buffer go together', async () => {
  await BLAKE3.prepare()
  using directory = temporaryDirectory()
  const [path, copy] = [join(directory.path, 'file'), join(directory.path, 'copy')]
  for (const size of [0, 1, 9, 10, 11, 19, 20, 21, 30, 95]) {
    const bytes = Buffer.from(Array.from({ length: size }, (_, n) => n))
    writeFileSync(path, bytes)
    for (const fn of [SHA256, BLAKE3]) {
      using file = OpenedFile.open(path)
      const buffer = Buffer.alloc(10)
      const expected = Digest.ofBytes(fn, bytes).key
      assert.is(file?.digest(fn, buffer).key, expected, `${size} bytes`)
      assert.is(file?.copyTo(copy, fn, buffer).key, expected, `${size} bytes`)
      assert.equal(readFileSync(copy), bytes)
      rmSync(copy)
    }
  }
})

test.run()
