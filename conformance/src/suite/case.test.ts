import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Cases } from './case.js'

const nothing = async () => {}

test('a title begins with the ids of what it tries', () => {
  const cases = new Cases()
  cases.test('BW-05, BW-15: bytes: others', nothing, { slow: true, level: 'D' })
  const [one] = cases.all
  assert.equal(one?.ids, ['BW-05', 'BW-15'])
  assert.is(one?.title, 'bytes: others')
  assert.is(one?.slow, true)
  assert.is(one?.level, 'D')
})

test('a title without ids, or with one that there is not, is a mistake', () => {
  const cases = new Cases()
  assert.throws(() => cases.test('bytes', nothing), /no ids/)
  assert.throws(() => cases.test('BW-99: bytes', nothing), /no requirement BW-99/)
})

test.run()
