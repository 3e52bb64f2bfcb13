import { deepEqual, equal, ok } from 'node:assert/strict'
import { test } from 'uvu'
import { GoregoError } from './gorego-error.js'

test('an error has a code, a message, details and what caused it', () => {
  const cause = new Error('underneath')
  const details = [{ kind: 'retry-after', delayMs: 100 }] as const
  const error = new GoregoError('unavailable', 'not now', { details, cause })
  ok(error instanceof Error)
  deepEqual(
    [error.name, error.code, error.message, error.details, error.cause],
    ['GoregoError', 'unavailable', 'not now', details, cause],
  )
  deepEqual(new GoregoError('internal', 'x').details, [])
  equal('cause' in new GoregoError('internal', 'x'), false)
})

test('one of ours stays itself', () => {
  const error = new GoregoError('not-found', 'x')
  equal(GoregoError.from(error), error)
})

test('an abort is cancelled, a timeout deadline-exceeded', () => {
  equal(GoregoError.from(AbortSignal.abort().reason).code, 'cancelled')
  equal(GoregoError.from(Object.assign(new Error('x'), { name: 'AbortError', code: 'ABORT_ERR' })).code, 'cancelled')
  equal(GoregoError.from(new DOMException('x', 'TimeoutError')).code, 'deadline-exceeded')
})

test('BW-13: a full disk or quota is resource-exhausted', () => {
  for (const code of ['ENOSPC', 'EDQUOT', 'EFBIG']) {
    const cause = Object.assign(new Error(`${code}: write`), { code })
    const error = GoregoError.from(cause)
    equal(error.code, 'resource-exhausted')
    equal(error.details[0]?.kind, 'retry-after')
    equal(error.cause, cause)
  }
})

test('anything else is internal, with what was thrown as the cause', () => {
  for (const thrown of [
    new TypeError('bug'),
    Object.assign(new Error('x'), { code: 'EIO' }),
    'text',
    undefined,
    null,
    7,
  ]) {
    const error = GoregoError.from(thrown)
    equal(error.code, 'internal')
    if (thrown !== undefined) equal(error.cause, thrown)
    equal(error.message, thrown instanceof Error ? thrown.message : String(thrown))
  }
})

test.run()
