import { randomBytes } from 'node:crypto'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KeptResults } from './kept-results.js'

test('results are what they were, whatever becomes of the buffers that they came in', () => {
  const results = new KeptResults()
  const came = Array.from({ length: 2000 }, (_, n) => randomBytes(n % 50 === 0 ? n * 20 : n % 300))
  const kept = came.map((result) => {
    const own = Buffer.from(result)
    const { result: copy = Buffer.alloc(0) } = results.keep({ result: own, cached: true })
    own.fill(0)
    return copy
  })
  for (const [n, result] of came.entries()) assert.is(Buffer.compare(kept[n] ?? Buffer.alloc(0), result), 0)
})

test('small ones share blocks, and a large one has a buffer of its own', () => {
  const results = new KeptResults()
  const buffersOf = (count: number, bytes: number) => {
    const kept = Array.from(
      { length: count },
      () => results.keep({ result: Buffer.alloc(bytes), cached: false }).result,
    )
    return new Set(kept.map((result) => result?.buffer))
  }
  assert.is(buffersOf(1000, 300).size, Math.ceil(1000 / Math.floor((16 * 1024) / 300)))
  const [large] = buffersOf(1, 100_000)
  assert.is(large?.byteLength, 100_000)
})

test('an outcome keeps everything else that it has', () => {
  const failure = { code: 'internal', message: 'm', details: [] } as const
  const results = new KeptResults()
  assert.equal(results.keep({ failure, cached: false }), { failure, cached: false })
  const outcome = { result: Buffer.from('r'), failure, cached: true, message: 'for a person' }
  assert.equal(results.keep(outcome), outcome)
})

test.run()
