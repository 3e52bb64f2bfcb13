import type { OperationState } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ActionHistory } from './action-history.js'

let now = 0

function state(target: string, action: string, change: Partial<OperationState> = {}): OperationState {
  return {
    name: `operation ${now}`,
    instance: '',
    action: blobOf(action).digest,
    stage: 'completed',
    createdAt: now,
    enteredAt: { completed: ++now },
    labels: { target, mnemonic: 'Compile' },
    outcome: { result: new Uint8Array(1), cached: false },
    ...change,
  }
}

const digests = (history: ActionHistory, target: string) =>
  history.recent({ instance: '', target }).map(({ digest }) => digest.hash)

const hashes = (...actions: string[]) => actions.map((action) => blobOf(action).digest.hash)

test('the youngest come first, each once, and those of other targets and instances not at all', () => {
  const history = new ActionHistory()
  for (const action of ['a', 'b', 'a', 'c']) history.note(state('//x', action))
  history.note(state('//y', 'd'))
  history.note(state('//x', 'e', { instance: 'other' }))
  assert.equal(digests(history, '//x'), hashes('c', 'a', 'b'))
  assert.equal(digests(history, '//z'), [])
})

test('names that together look like others are others', () => {
  const history = new ActionHistory()
  history.note(state('b"]', 'x', { instance: 'a' }))
  history.note(state('b', 'y', { instance: 'a\n' }))
  assert.equal(history.recent({ instance: 'a', target: '\nb' }), [])
  assert.is(history.recent({ instance: 'a', target: 'b"]' }).length, 1)
})

test('what has no target or no result is not remembered', () => {
  const history = new ActionHistory()
  history.note(state('', 'a'))
  history.note(state('//x', 'b', { labels: { mnemonic: 'Compile' } }))
  history.note(
    state('//x', 'c', { outcome: { failure: { code: 'cancelled', message: '', details: [] }, cached: false } }),
  )
  assert.equal(digests(history, '//x'), [])
})

test('targets that nobody has built for longest are forgotten first, the oldest of their actions before the others', () => {
  const history = new ActionHistory(4)
  for (const [target, action] of [
    ['//x', 'a'],
    ['//x', 'b'],
    ['//y', 'c'],
    ['//x', 'd'],
    ['//z', 'e'],
    ['//z', 'f'],
  ] as const)
    history.note(state(target, action))
  assert.equal(digests(history, '//y'), [])
  assert.equal(digests(history, '//x'), hashes('d', 'b'))
  assert.equal(digests(history, '//z'), hashes('f', 'e'))
})

test('of one target a thousand are remembered', () => {
  const history = new ActionHistory()
  for (let n = 0; n < 1010; n++) history.note(state('//x', String(n)))
  const all = digests(history, '//x')
  assert.is(all.length, 1000)
  assert.is(all.at(-1), hashes('10')[0])
})

test.run()
