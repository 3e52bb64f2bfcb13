import { deepEqual } from 'node:assert/strict'
import { Digest, digestFunctions, type OperationState } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import fc from 'fast-check'
import { test } from 'uvu'
import { packDigests, placesOf, unpackDigests } from './digest-list.js'
import { fromPlainRequest, packStates, stateMessage, stateOf, toPlainRequest, unpackStates } from './plain-operation.js'

const digests = fc
  .record({
    fn: fc.constantFrom(...digestFunctions),
    hex: fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 128, maxLength: 128 }),
    size: fc.oneof(fc.nat(), fc.maxSafeNat()),
  })
  .map(({ fn, hex, size }) =>
    Digest.of(
      fn,
      hex
        .map((n) => n.toString(16))
        .join('')
        .slice(0, fn.hashLength),
      size,
    ),
  )

const json = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T

test('digests of any function and size are the same behind the pipe', () => {
  fc.assert(
    fc.property(fc.array(digests), (list) => deepEqual(unpackDigests(packDigests(list)), list)),
    { numRuns: 50 },
  )
})

test('an answer names each missing digest once, in the order asked', () => {
  const [a, b, c] = ['a', 'b', 'c'].map((text) => blobOf(text).digest) as [Digest, Digest, Digest]
  deepEqual(placesOf([c, a], [a, b, a, c, c]), [0, 3])
  deepEqual(placesOf([], [a]), [])
})

const running: OperationState = {
  name: 'an operation',
  instance: 'main',
  action: blobOf('action').digest,
  stage: 'executing',
  createdAt: 1,
  enteredAt: { 'cache-check': 1, executing: 2 },
  labels: { target: '//a', mnemonic: 'Genrule' },
}
const completed: OperationState = {
  ...running,
  stage: 'completed',
  outcome: {
    result: Buffer.from('a result'),
    cached: false,
    message: 'hm',
    resources: { userCpuMs: 1, systemCpuMs: 2 },
    failure: { code: 'deadline-exceeded', message: 'late', details: [{ kind: 'retry-after', delayMs: 3 }] },
    logs: { gorego: blobOf('log').digest },
  },
}
const empty: OperationState = { ...completed, outcome: { result: Buffer.alloc(0), cached: true } }

test('operations at any stage are the same behind the pipe', () => {
  const all = [running, completed, empty, completed]
  for (const state of all) {
    const { head, bytes = Buffer.alloc(0) } = stateMessage(state)
    deepEqual(stateOf({ head: json(head), bytes }), state)
  }
  const { states, bytes } = packStates(all)
  deepEqual(unpackStates(json(states), Buffer.from(bytes)), all)
})

test('so is what a client asks for', () => {
  const request = {
    instance: 'i',
    action: running.action,
    skipCacheLookup: true,
    priority: -3,
    labels: { tool: 'bazel' },
  }
  deepEqual(fromPlainRequest(json(toPlainRequest(request))), request)
})

test.run()
