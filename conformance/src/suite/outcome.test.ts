import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { weigh } from './outcome.js'

test('a failure weighs as the strictest of the requirements that it breaks', () => {
  assert.is(weigh(['M'], false), 'failed')
  assert.is(weigh(['D', 'S', 'C'], false), 'failed')
  assert.is(weigh(['D', 'S'], false), 'short')
  assert.is(weigh(['D'], false), 'differs')
})

test('our own server has made its choices: each of them is kept', () => {
  for (const level of ['M', 'C', 'S', 'D'] as const) assert.is(weigh([level], true), 'failed')
})

test.run()
