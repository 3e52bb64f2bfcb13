import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { judgeLengths, LONGEST, LONGEST_MEDIAN } from './file-lengths.mjs'

const files = (...lengths) => lengths.map((lines, index) => ({ path: `${index}.ts`, lines }))

test('a file of the greatest length is fine, one line more is not', () => {
  assert.equal(judgeLengths(files(1, 1, LONGEST)).problems, [])
  assert.match(judgeLengths(files(1, 1, LONGEST + 1)).problems.join(), /^2\.ts has 401 lines/)
})

test('the median has a bound of its own', () => {
  assert.equal(judgeLengths(files(1, LONGEST_MEDIAN, 300)), { median: LONGEST_MEDIAN, problems: [] })
  assert.is(judgeLengths(files(1, LONGEST_MEDIAN + 1, 300)).problems.length, 1)
})

test.run()
