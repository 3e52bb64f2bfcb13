import { GoregoError } from '@gorego/core'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { dialectOf } from '../../test/dialect.js'
import { checkInstanceName, createInstanceCheck, RESERVED_SEGMENTS } from './instance-name.js'
import { parseReadName } from './resource-name.js'

test('GEN-03: names of any number of segments are taken as they are, the empty one too', () => {
  for (const name of ['', 'main', 'a/b', 'projects/p/instances/default', '..', 'größer', 'Blobs', 'blobs2']) {
    assert.is(checkInstanceName(name), name)
  }
})

test('RN-05: reserved segments, empty segments and slashes at an end are refused', () => {
  const reserved = [...RESERVED_SEGMENTS].flatMap((segment) => [segment, `a/${segment}`, `${segment}/b`])
  for (const name of [...reserved, '/', '/a', 'a/', 'a//b', 'a'.repeat(4097)]) {
    assert.throws(
      () => checkInstanceName(name),
      (error: unknown) => error instanceof GoregoError && error.code === 'invalid-argument',
    )
  }
})

test('GEN-03: where instances are listed, only those are taken', () => {
  const check = createInstanceCheck(['', 'a/b'])
  assert.equal([check(''), check('a/b'), createInstanceCheck([])('c')], ['', 'a/b', 'c'])
  for (const name of ['a', 'b', 'a/b/c', 'A/B', 'a/b/', 'blobs']) {
    assert.throws(
      () => check(name),
      (error: unknown) => error instanceof GoregoError && error.code === 'invalid-argument',
    )
  }
})

test('RN-05: a name is taken as it is or refused, and those taken can stand in a resource name', () => {
  const segment = fc.oneof(fc.constantFrom(...RESERVED_SEGMENTS, '', '.', '..'), fc.string())
  fc.assert(
    fc.property(fc.array(segment, { maxLength: 4 }), (segments) => {
      const name = segments.join('/')
      try {
        assert.is(checkInstanceName(name), name)
        const digest = `${'a'.repeat(64)}/1`
        assert.is(
          parseReadName(name === '' ? `blobs/${digest}` : `${name}/blobs/${digest}`, dialectOf()).instance,
          name,
        )
      } catch (error) {
        assert.ok(error instanceof GoregoError && error.code === 'invalid-argument')
        assert.ok(
          name.split('/').some((each) => each === '' || RESERVED_SEGMENTS.has(each)),
          name,
        )
      }
    }),
  )
})

test.run()
