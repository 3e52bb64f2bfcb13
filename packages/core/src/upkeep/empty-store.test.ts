import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LocalStore } from '../cas/index.js'
import { blobOf } from '../testing/blobs.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { emptyStore } from './empty-store.js'

const files = (directory: string) =>
  readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length

test('who waits is told how many files are gone, while others have their turn; what is not ours stays', async () => {
  using directory = temporaryDirectory()
  const dir = join(directory.path, 'store')
  const others = join(directory.path, 'others')
  mkdirSync(others)
  writeFileSync(join(others, 'file'), '')
  {
    using store = await LocalStore.open({ dir })
    for (let n = 0; n < 200; n++) {
      const { digest, bytes } = blobOf(`blob ${n}`)
      await store.write(digest, bytes)
    }
  }
  const results = join(dir, 'ac', 'i-', 'sha256')
  for (const shard of ['00', '01']) {
    mkdirSync(join(results, shard), { recursive: true })
    for (const name of ['one', 'two']) writeFileSync(join(results, shard, name), '')
  }
  mkdirSync(join(dir, 'ac', 'not-ours'))
  symlinkSync(others, join(dir, 'cas', 'sha256', 'link'))
  const there = files(join(dir, 'cas')) + files(join(dir, 'ac'))
  assert.is(there, 204)
  const told: number[] = []
  let turns = 0
  let turn = setImmediate(function next() {
    turns++
    turn = setImmediate(next)
  })
  await emptyStore(dir, { onRemoved: (count) => told.push(count) })
  clearImmediate(turn)
  assert.is(
    told.reduce((sum, count) => sum + count, 0),
    there + 1,
  )
  assert.ok(told.length > 50, `${told.length} times`)
  assert.ok(turns >= told.length, `${turns} turns of others`)
  assert.equal(readdirSync(join(dir, 'cas')), [])
  assert.equal(readdirSync(join(dir, 'ac')), ['not-ours'])
  assert.ok(existsSync(join(others, 'file')))
  await emptyStore(dir)
})

test.run()
