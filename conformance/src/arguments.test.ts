import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parseArguments } from './arguments.js'

test('nothing said: everything quick, of a server of our own', () => {
  const { chosen, remote, json, instance, width, slow } = parseArguments([])
  assert.equal([remote, json, instance, width, slow], [undefined, undefined, '', 4, false])
  assert.ok(chosen('BW-01') && chosen('EX-06'))
})

test('ids are chosen by their beginnings, with commas or again and again', () => {
  const { chosen } = parseArguments(['--only', 'BW,EX-06,', '--only', 'GT'])
  assert.equal(['BW-01', 'BW-15', 'EX-06', 'EX-07', 'GT-01', 'QS-01'].map(chosen), [
    true,
    true,
    true,
    false,
    true,
    false,
  ])
})

test('npm hands over two dashes, or does not', () => {
  assert.is(parseArguments(['--', '--remote', 'grpc://host:1']).remote, 'grpc://host:1')
  assert.is(parseArguments(['--remote', 'grpc://host:1']).remote, 'grpc://host:1')
})

test('a width that is none, and flags that there are not', () => {
  for (const width of ['0', '-1', '1.5', 'x', '']) assert.throws(() => parseArguments([`--width=${width}`]), /width/)
  assert.throws(() => parseArguments(['--remotely']), /remotely/)
  assert.throws(() => parseArguments(['stray']), /stray/)
})

test.run()
