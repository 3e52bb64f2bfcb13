import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { platformProperties } from './platform-kind.js'

const resolve = (path: string) => path
const fromText = (text: string) => platformProperties.fromText(text, resolve)
const fromYaml = (value: unknown) => platformProperties.fromYaml(value, resolve)

test('properties are a map in a file, and text anywhere', () => {
  const expected = [
    { name: 'OSFamily', value: 'linux' },
    { name: 'ISA', value: 'x86-64' },
    { name: 'ISA', value: 'x86-avx2' },
  ]
  const map = new Map<string, unknown>([
    ['OSFamily', 'linux'],
    ['ISA', ['x86-64', 'x86-avx2']],
  ])
  assert.equal(fromYaml(map), expected)
  assert.equal(fromText('OSFamily=linux, ISA=x86-64,ISA=x86-avx2'), expected)
  assert.equal(fromYaml('OSFamily=linux,ISA=x86-64,ISA=x86-avx2'), expected)
  assert.equal(fromText('flags=a=b,empty='), [
    { name: 'flags', value: 'a=b' },
    { name: 'empty', value: '' },
  ])
})

test('what is neither is refused, numbers too: they would not stay as they were written', () => {
  for (const text of ['linux', '=linux', 'a=1,', ',', ' ']) assert.is(fromText(text), undefined, text)
  for (const value of [
    7,
    true,
    null,
    ['a=1'],
    new Map([['a', 1.1]]),
    new Map([['a', new Map()]]),
    new Map([['', 'x']]),
  ])
    assert.is(fromYaml(value), undefined)
  assert.is(fromYaml(new Map([[7, 'x']])), undefined)
})

test('what is written as name=value is read as that', () => {
  const word = fc.stringMatching(/^[A-Za-z0-9_.:-]+$/)
  fc.assert(
    fc.property(
      fc.array(fc.record({ name: word, value: word }, { noNullPrototype: true }), { minLength: 1 }),
      (properties) => {
        assert.equal(fromText(properties.map(({ name, value }) => `${name}=${value}`).join(',')), properties)
      },
    ),
  )
})

test.run()
