import { READ_CHUNK } from '@gorego/core'
import { FakeClock } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ChunkPool } from './chunk-pool.js'

test('memory that was given back is used again, and none that is in use', () => {
  const pool = new ChunkPool()
  const first = pool.allocate(1000)
  assert.is(first.length, 1000)
  assert.is.not(pool.allocate(READ_CHUNK).buffer, first.buffer)
  pool.release(first.subarray(10, 20))
  const again = pool.allocate(READ_CHUNK)
  assert.is(again.buffer, first.buffer)
  assert.is(again.length, READ_CHUNK)
})

test('what is given back twice is lent once', () => {
  const pool = new ChunkPool()
  const chunk = pool.allocate(10)
  pool.release(chunk)
  pool.release(chunk)
  assert.is.not(pool.allocate(10).buffer, pool.allocate(10).buffer)
})

test('memory of others is not taken', () => {
  const pool = new ChunkPool()
  const foreign = Buffer.alloc(READ_CHUNK)
  pool.release(foreign)
  assert.is.not(pool.allocate(READ_CHUNK).buffer, foreign.buffer)
})

test('what is kept is bounded', () => {
  const pool = new ChunkPool()
  const chunks = Array.from({ length: 100 }, () => pool.allocate(1))
  const buffers = new Set(chunks.map(({ buffer }) => buffer))
  for (const chunk of chunks) pool.release(chunk)
  const kept = Array.from({ length: 100 }, () => pool.allocate(1)).filter(({ buffer }) => buffers.has(buffer))
  assert.is(kept.length, 16)
})

test('nothing is kept when there were no downloads for some seconds, and all while there are', () => {
  const clock = new FakeClock()
  const pool = new ChunkPool(clock)
  const { buffer } = pool.allocate(1)
  const use = () => {
    const chunk = pool.allocate(1)
    const isSame = chunk.buffer === buffer
    pool.release(chunk)
    return isSame
  }
  pool.release(Buffer.from(buffer))
  for (let n = 0; n < 20; n++) {
    assert.ok(use())
    clock.advance(1_500)
  }
  clock.advance(4_000)
  assert.is(clock.pending, 0, 'nobody looks any more')
  assert.not.ok(use())
  assert.is(clock.pending, 1)
  clock.advance(4_000)
  assert.is(clock.pending, 0)
})

test('a chunk that is lent for long is kept when it comes back', () => {
  const clock = new FakeClock()
  const pool = new ChunkPool(clock)
  const chunk = pool.allocate(1)
  clock.advance(60_000)
  pool.release(chunk)
  assert.is(pool.allocate(1).buffer, chunk.buffer)
})

test.run()
