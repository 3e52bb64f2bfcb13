import { GoregoError } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { checkInstanceName, RESERVED_SEGMENTS } from './instance-name.js'

test('GEN-03: names of any number of segments are taken as they are, the empty one too', () => {
  for (const name of ['', 'main', 'a/b', 'projects/p/instances/default', '..', 'größer', 'Blobs', 'blobs2']) {
    assert.is(checkInstanceName(name), name)
  }
})

test('RN-05: reserved segments, empty segments and slashes at an end are refused', () => {
  const reserved = [...RESERVED_SEGMENTS].flatMap((segment) => [segment, `a/${segment}`, `${segment}/b`])
  for (const name of [...reserved, '/', '/a', 'a/', 'a//b']) {
    assert.throws(
      () => checkInstanceName(name),
      (error: unknown) => error instanceof GoregoError && error.code === 'invalid-argument',
    )
  }
})

test.run()
