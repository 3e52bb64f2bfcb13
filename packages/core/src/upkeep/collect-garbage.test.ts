import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalStore } from '../cas/index.js'
import { Digest, SHA256 } from '../digest/index.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { type Collected, type CollectStage, collectGarbage } from './collect-garbage.js'

test('who waits is told what it is at, and how far', async () => {
  using directory = temporaryDirectory()
  const dir = directory.path
  {
    using store = await LocalStore.open({ dir })
    for (const text of ['one', 'two', 'three']) {
      const bytes = Buffer.from(text)
      await store.write(Digest.ofBytes(SHA256, bytes), bytes)
    }
  }
  const told: [CollectStage, () => Collected][] = []
  const collected = await collectGarbage({
    dir,
    maxBytes: 4096,
    maxAgeMs: Number.POSITIVE_INFINITY,
    onStage: (...stage) => told.push(stage),
  })
  assert.equal(collected, { blobs: 2, results: 0, bytes: 4096 })
  assert.equal(
    told.map(([stage]) => stage),
    ['results', 'blobs', 'evicting'],
  )
  assert.equal(told.at(-1)?.[1](), collected)
})

test.run()
