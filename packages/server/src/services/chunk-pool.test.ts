import { READ_CHUNK } from '@gorego/core'
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

test.run()
