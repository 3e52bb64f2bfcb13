import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryActionCache } from '../action-cache/index.js'
import { MemoryStore } from '../cas/index.js'
import { Digest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Action, Duration } from '../proto/messages.js'
import { buildAction } from '../testing/action-builder.js'
import { type ActionLookupOptions, createActionLookup } from './action-lookup.js'

const cas = new MemoryStore()
const actionCache = new MemoryActionCache()
const { signal } = new AbortController()
const { commandDigest, inputRootDigest } = buildAction({ argv: ['/bin/true'] })
const HOUR = 3_600_000

async function stored(bytes: Uint8Array): Promise<Digest> {
  const digest = Digest.ofBytes(SHA256, bytes)
  await cas.write(digest, bytes)
  return digest
}

const action = (timeout?: Duration) => {
  const message = new Action()
    .setCommandDigest(toDigestMessage(commandDigest))
    .setInputRootDigest(toDigestMessage(inputRootDigest))
  return timeout === undefined ? message : message.setTimeout(timeout)
}

async function timeoutOf(timeout: Duration | undefined, options: Partial<ActionLookupOptions> = {}): Promise<number> {
  const digest = await stored(action(timeout).serializeBinary())
  const found = await createActionLookup({ cas, actionCache, ...options })({ instance: '', action: digest }, signal)
  return 'run' in found ? found.run.timeoutMs : Number.NaN
}

async function refused(promise: Promise<unknown>, code: string, what: RegExp): Promise<GoregoError> {
  try {
    await promise
  } catch (error) {
    assert.instance(error, GoregoError, String(error))
    const { code: actual, message } = error as GoregoError
    assert.is(actual, code)
    assert.match(message, what)
    return error as GoregoError
  }
  return assert.unreachable('it was accepted') as never
}

const seconds = (count: number, nanos = 0) => new Duration().setSeconds(count).setNanos(nanos)

test('AN-02 without a timeout, or with a zero one (AN-04), the default holds', async () => {
  assert.is(await timeoutOf(undefined), HOUR)
  assert.is(await timeoutOf(seconds(0)), HOUR)
  assert.is(await timeoutOf(undefined, { defaultTimeoutMs: 5 }), 5)
  assert.is(await timeoutOf(undefined, { maxTimeoutMs: 7 }), 7)
})

test('AN-01 a timeout up to the maximum is taken, one beyond it refused', async () => {
  assert.is(await timeoutOf(seconds(1, 500_000_000)), 1500)
  assert.is(await timeoutOf(seconds(24 * 3600)), 24 * HOUR)
  await refused(timeoutOf(seconds(24 * 3600, 1)), 'invalid-argument', /above the 86400 s/)
})

test('AN-04 a negative or absurd timeout is refused', async () => {
  await refused(timeoutOf(seconds(-1)), 'invalid-argument', /negative/)
  await refused(timeoutOf(seconds(0, -1)), 'invalid-argument', /negative/)
  await refused(timeoutOf(seconds(1e15)), 'invalid-argument', /no valid duration/)
  await refused(timeoutOf(seconds(1, -1)), 'invalid-argument', /no valid duration/)
})

test('EX-14 EX-15 EX-16 a cached result answers, unless the request or the Action says otherwise', async () => {
  const lookup = createActionLookup({ cas, actionCache })
  const cached = await stored(action().setSalt('cached').serializeBinary())
  const never = await stored(action().setDoNotCache(true).serializeBinary())
  for (const digest of [cached, never]) await actionCache.put({ instance: 'i', action: digest }, Buffer.from('result'))
  const look = (instance: string, digest: Digest, skipCacheLookup = false) =>
    lookup({ instance, action: digest, skipCacheLookup }, signal)
  assert.equal(await look('i', cached), { outcome: { result: new Uint8Array(Buffer.from('result')), cached: true } })
  const run = { instance: 'i', action: cached, inputRoot: inputRootDigest, doNotCache: false, timeoutMs: HOUR }
  assert.equal(await look('i', cached, true), { run })
  assert.equal(await look('', cached), { run: { ...run, instance: '' } }, 'GEN-04')
  assert.equal(await look('i', never), { run: { ...run, action: never, doNotCache: true } })
})

test('EX-07 an Action that is not there is named like any missing blob', async () => {
  const digest = Digest.ofBytes(SHA256, Buffer.from('not there'))
  const lookup = createActionLookup({ cas, actionCache })({ instance: '', action: digest }, signal)
  const error = await refused(lookup, 'failed-precondition', /does not have/)
  assert.equal(error.details, [{ kind: 'missing-blobs', subjects: [`blobs/${digest}`] }])
})

test('EX-08 what is no Action is refused', async () => {
  const look = (digest: Digest) => createActionLookup({ cas, actionCache })({ instance: '', action: digest }, signal)
  await refused(look(await stored(Buffer.from('no message'))), 'invalid-argument', /is not the protobuf message/)
  await refused(look(await stored(new Action().setSalt('x').serializeBinary())), 'invalid-argument', /command_digest/)
  const huge = Digest.of(SHA256, '0'.repeat(64), 2 ** 40)
  await refused(look(huge), 'invalid-argument', /too many for an Action/)
})

test.run()
