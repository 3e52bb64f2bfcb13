import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { listOf, oneOf, path, socketMode, wholeNumber } from './kinds.js'

const asWritten = (text: string) => text
const colours = listOf(oneOf(['red', 'green', 'blue']), { min: 1 })
const numbers = listOf(wholeNumber({ min: 0 }))

test('a list is written as a list or as text with commas, and keeps its order', () => {
  for (const value of [['green', 'red'], 'green,red', ' green , red ']) {
    assert.equal(colours.fromYaml(value, asWritten), ['green', 'red'])
  }
  assert.equal(colours.fromText('green, red', asWritten), ['green', 'red'])
  assert.equal(colours.fromText('blue', asWritten), ['blue'])
  assert.equal(numbers.fromYaml([3, 1, 2], asWritten), [3, 1, 2])
})

test('what is said twice counts once', () => {
  assert.equal(colours.fromText('red,blue,red', asWritten), ['red', 'blue'])
})

test('a list with one value that does not fit is none', () => {
  for (const value of [
    ['red', 'pink'],
    ['red', 3],
    ['red', undefined],
    ['red', null],
    'red,',
    'red;blue',
    '',
    3,
    {},
    null,
  ]) {
    assert.is(colours.fromYaml(value, asWritten), undefined, JSON.stringify(value))
  }
  for (const text of ['', ',', 'red,,blue', 'pink']) assert.is(colours.fromText(text, asWritten), undefined, text)
})

test('an empty list fits where nothing asks for more', () => {
  assert.equal(numbers.fromYaml([], asWritten), [])
  assert.is(colours.fromYaml([], asWritten), undefined)
})

test('a list says what it wants', () => {
  assert.is(colours.wants, 'a list of 1 or more, each of them red, green or blue')
  assert.is(numbers.wants, 'a list, each of them a whole number, 0 or more')
})

test('paths in a list count from where the list is', () => {
  assert.equal(
    listOf(path).fromText('a, /b', (text) => `/here/${text}`),
    ['/here/a', '/here//b'],
  )
})

test('permissions of a socket: octal, as text or as what YAML makes a number of; the owner may always connect', () => {
  const resolve = (path: string) => path
  for (const [text, mode] of [
    ['600', 0o600],
    ['0660', 0o660],
    ['777', 0o777],
    ['066', undefined],
    ['1777', undefined],
    ['688', undefined],
    ['0o660', undefined],
  ] as const) {
    assert.is(socketMode.fromText(text, resolve), mode, text)
  }
  assert.is(socketMode.fromYaml(660, resolve), 0o660)
  // What YAML makes of 0o660.
  assert.is(socketMode.fromYaml(0o660, resolve), undefined)
})

test.run()
