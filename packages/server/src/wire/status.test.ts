import { type ErrorCode, GoregoError, reapi } from '@gorego/core'
import { Metadata, status } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fromCallStatus, fromRpcStatus, toCallStatus, toRpcStatus } from './status.js'

const CODES: ErrorCode[] = [
  'aborted',
  'already-exists',
  'cancelled',
  'deadline-exceeded',
  'failed-precondition',
  'internal',
  'invalid-argument',
  'not-found',
  'out-of-range',
  'permission-denied',
  'resource-exhausted',
  'unauthenticated',
  'unavailable',
  'unimplemented',
]

/** What Java clients take for all headers of a response together. */
const HEADER_ROOM = 8192

test('every code comes back as itself, as a message and as the end of a call', () => {
  for (const code of CODES) {
    const error = new GoregoError(code, `because of ${code}`)
    for (const back of [fromRpcStatus(toRpcStatus(error)), fromCallStatus(toCallStatus(error))]) {
      assert.is(back.code, code)
      assert.is(back.message, error.message)
      const retried = code === 'resource-exhausted' || code === 'unavailable'
      assert.equal(back.details, retried ? [{ kind: 'retry-after', delayMs: 1000 }] : [])
    }
  }
  assert.is(toCallStatus(new GoregoError('unavailable', '')).code, status.UNAVAILABLE)
})

test('GEN-02, GEN-05, EX-06: details survive', () => {
  const details = [
    { kind: 'missing-blobs', subjects: ['blobs/a/1', 'blobs/blake3/b/2'] },
    { kind: 'retry-after', delayMs: 1500 },
  ] as const
  const error = new GoregoError('resource-exhausted', 'later', { details })
  assert.equal(fromRpcStatus(toRpcStatus(error)).details, details)
  assert.equal(fromCallStatus(toCallStatus(error)).details, details)
})

test('GEN-05: details that nobody here knows, or that are garbage, do no harm', () => {
  const rpcStatus = new reapi.RpcStatus().setCode(status.NOT_FOUND).setMessage('not here')
  rpcStatus.addDetails(reapi.packAny('some.other.Message', new reapi.Digest().setHash('x')))
  assert.equal(fromRpcStatus(rpcStatus).details, [])
  const metadata = new Metadata()
  metadata.set('grpc-status-details-bin', Buffer.from('ffffff', 'hex'))
  const error = fromCallStatus({ code: status.NOT_FOUND, details: 'not here', metadata })
  assert.equal([error.code, error.message], ['not-found', 'not here'])
})

test('GEN-05, EX-06: of more missing blobs than headers have room for, the first are named, and the wait', () => {
  const subjects = Array.from({ length: 5000 }, (_, n) => `blobs/${'a'.repeat(64)}/${n}`)
  const missing = { kind: 'missing-blobs', subjects } as const
  const retry = { kind: 'retry-after', delayMs: 7 } as const
  for (const [code, message] of [
    ['failed-precondition', 'short'],
    ['failed-precondition', 'ö'.repeat(5000)],
    ['unavailable', 'short'],
  ] as const) {
    const error = new GoregoError(code, message, { details: code === 'unavailable' ? [missing, retry] : [missing] })
    const [first, second] = fromCallStatus(toCallStatus(error)).details
    assert.ok(first?.kind === 'missing-blobs')
    assert.ok(first.subjects.length >= 5 && first.subjects.length < 40, `${first.subjects.length}`)
    assert.equal(first.subjects, subjects.slice(0, first.subjects.length))
    assert.equal(second, code === 'unavailable' ? retry : undefined)
  }
})

test('codes that core does not know are internal errors', () => {
  for (const code of [status.UNKNOWN, status.DATA_LOSS, 4711]) {
    assert.is(fromRpcStatus(new reapi.RpcStatus().setCode(code)).code, 'internal')
  }
})

test('messages can always be URI-encoded, as grpc-js does, wherever they are cut', () => {
  for (const text of [
    '\ud800',
    'a\udc00b',
    ...[1997, 1998, 1999, 2000].map((n) => `${'x'.repeat(n)}${'📦'.repeat(9)}`),
  ]) {
    const { details } = toCallStatus(new GoregoError('internal', text))
    assert.not.throws(() => encodeURI(details))
  }
  for (let n = 0; n < 12; n++) {
    const { details } = toCallStatus(new GoregoError('internal', `${'x'.repeat(n)}${'📦'.repeat(3000)}`))
    assert.ok(encodeURI(details).length < HEADER_ROOM / 2)
  }
})

test('what goes into headers fits what clients take, however much there is to say', () => {
  const subjects = Array.from({ length: 1000 }, (_, n) => `blobs/${'a'.repeat(64)}/${n}`)
  const details = [{ kind: 'missing-blobs', subjects }] as const
  for (const text of ['x'.repeat(100_000), 'ö'.repeat(100_000), '\n'.repeat(100_000), '']) {
    const call = toCallStatus(new GoregoError('failed-precondition', text, { details }))
    const [packed] = call.metadata.get('grpc-status-details-bin')
    const size = encodeURI(call.details).length + Math.ceil(((packed?.length ?? 0) * 4) / 3)
    assert.ok(size < HEADER_ROOM - 1024, `${size} bytes`)
    assert.is(call.code, status.FAILED_PRECONDITION)
  }
  // A message has room.
  const rpcStatus = toRpcStatus(new GoregoError('failed-precondition', 'x', { details }))
  assert.equal(fromRpcStatus(rpcStatus).details, details)
})

test.run()
