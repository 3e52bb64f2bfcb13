import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { courseOf } from './flat.js'

const MB = 1_000_000
const samples = (megabytes: (n: number) => number, count = 60) =>
  Array.from({ length: count }, (_, n) => ({ bytes: megabytes(n) * MB }))

test('what goes up and down around the same is flat', () => {
  assert.equal(courseOf(samples((n) => 100 + (n % 5) * 3)), { before: 106 * MB, after: 106 * MB, isFlat: true })
})

test('what grows at first and then stays is flat', () => {
  assert.ok(courseOf(samples((n) => Math.min(300, 20 * n))).isFlat)
})

test('what grows all the time is not, however slowly, if it goes on for long enough', () => {
  assert.not.ok(courseOf(samples((n) => 100 + n)).isFlat)
})

test('a single spike is no growth', () => {
  assert.ok(courseOf(samples((n) => (n === 59 ? 900 : 100))).isFlat)
})

test('small things may grow by what is noise', () => {
  assert.ok(courseOf(samples((n) => (n < 40 ? 10 : 16))).isFlat)
  assert.not.ok(courseOf(samples((n) => (n < 40 ? 10 : 20))).isFlat)
})

test('too few samples say nothing', () => {
  assert.throws(() => courseOf(samples(() => 1, 2)), /too few/)
})

test.run()
