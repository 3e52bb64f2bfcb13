import { deepEqual } from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LocalStore } from '@gorego/core'
import { test } from 'uvu'
import { storedBlob, writeStoredBlobs } from '../src/content/stored-blobs.js'

test('a store finds the blobs that were put into its directory, and takes them for whole', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'bench-store-'))
  try {
    await writeStoredBlobs(directory, 0, 100)
    await writeStoredBlobs(directory, 100, 300)
    using store = await LocalStore.open({ dir: directory })
    const blobs = Array.from({ length: 301 }, (_, number) => storedBlob(number))
    deepEqual(await store.findMissing(blobs.map(({ digest }) => digest)), [storedBlob(300).digest])
    const { digest, bytes } = storedBlob(7)
    deepEqual(Buffer.from(await store.get(digest)), bytes)
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test.run()
