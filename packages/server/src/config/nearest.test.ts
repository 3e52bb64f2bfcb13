import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nearest } from './nearest.js'

const KNOWN = ['listen', 'dir', 'concurrency', 'log-level']

test('finds what a typing error, other case or other separators have hidden', () => {
  assert.is(nearest('lisen', KNOWN), 'listen')
  assert.is(nearest('concurency', KNOWN), 'concurrency')
  assert.is(nearest('logLevel', KNOWN), 'log-level')
  assert.is(nearest('di', KNOWN), 'dir')
  assert.is(nearest('dri', KNOWN), 'dir')
})

test('stays silent rather than suggest something else', () => {
  assert.is(nearest('colour', KNOWN), undefined)
  assert.is(nearest('x', KNOWN), undefined)
  assert.is(nearest('listen', []), undefined)
})

test.run()
