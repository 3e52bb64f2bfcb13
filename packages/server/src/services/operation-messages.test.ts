// What is written by hand around a result, against google-protobuf.
import { Digest, MemoryStore, type OperationState, reapi, SHA256, type Stage } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { toRpcStatus } from '../wire/status.js'
import { NO_HINTS } from './inlining.js'
import { toOperation } from './operation-messages.js'

const PACKAGE = 'build.bazel.remote.execution.v2'
const { CACHE_CHECK, QUEUED, EXECUTING, COMPLETED } = reapi.ExecutionStage.Value
const STAGES = { 'cache-check': CACHE_CHECK, queued: QUEUED, executing: EXECUTING, completed: COMPLETED }
const { signal } = new AbortController()
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')

function theirs({ name, stage, action, outcome }: OperationState): reapi.Operation {
  const metadata = new reapi.ExecuteOperationMetadata()
    .setStage(STAGES[stage])
    .setActionDigest(reapi.toDigestMessage(action))
    .setDigestFunction(reapi.DigestFunction.Value.SHA256)
  const operation = new reapi.Operation()
    .setName(name)
    .setMetadata(reapi.packAny(`${PACKAGE}.ExecuteOperationMetadata`, metadata))
  if (outcome === undefined) return operation
  const { result, failure, cached, message, logs = {} } = outcome
  const response = new reapi.ExecuteResponse()
    .setCachedResult(cached)
    .setStatus(failure === undefined ? new reapi.RpcStatus() : toRpcStatus(failure))
    .setMessage(message ?? failure?.message ?? '')
  if (result !== undefined) response.setResult(reapi.ActionResult.deserializeBinary(result))
  for (const [log, digest] of Object.entries(logs)) {
    const file = new reapi.LogFile().setDigest(reapi.toDigestMessage(digest)).setHumanReadable(true)
    response.getServerLogsMap().set(log, file)
  }
  return operation.setDone(true).setResponse(reapi.packAny(`${PACKAGE}.ExecuteResponse`, response))
}

const digests = fc
  .tuple(fc.constantFrom('a', '0'), fc.maxSafeNat())
  .map(([digit, size]) => Digest.of(SHA256, digit.repeat(64), size))
const results = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.array(fc.string(), { maxLength: 30 }))
  .map(([exitCode, paths]) =>
    new reapi.ActionResult()
      .setExitCode(exitCode)
      .setOutputFilesList(paths.map((path) => new reapi.OutputFile().setPath(path)))
      .serializeBinary(),
  )
const failures = fc.record({
  code: fc.constantFrom('failed-precondition' as const, 'unavailable' as const, 'internal' as const),
  message: fc.string(),
  details: fc.constant([]),
})
/** google-protobuf loses a map's entry of that one name, which is ours to choose and never is. */
const logNames = fc.string({ minLength: 1 }).filter((name) => name !== '__proto__')
const outcomes = fc.record(
  {
    result: results,
    failure: failures,
    cached: fc.boolean(),
    message: fc.string(),
    // One entry: of several the order is up to whoever writes them.
    logs: fc.dictionary(logNames, digests, { maxKeys: 1, noNullPrototype: true }),
  },
  { requiredKeys: ['cached'] },
)
const states: fc.Arbitrary<OperationState> = fc.record(
  {
    name: fc.string({ minLength: 1 }),
    instance: fc.constant(''),
    action: digests,
    stage: fc.constantFrom(...(Object.keys(STAGES) as Stage[])),
    createdAt: fc.constant(0),
    enteredAt: fc.constant({}),
    outcome: outcomes,
  },
  { requiredKeys: ['name', 'instance', 'action', 'stage', 'createdAt', 'enteredAt'] },
)

test('EX-04: an operation is what google-protobuf writes, whatever there is to say', async () => {
  await fc.assert(
    fc.asyncProperty(states, async (state) => {
      const ours = await toOperation(state, new MemoryStore(), NO_HINTS, signal)
      assert.is(hex(ours.finish()), hex(theirs(state).serializeBinary()))
    }),
    { numRuns: 500 },
  )
})

test('AC-06: a result is read and written again where its client wants contents in it', async () => {
  const cas = new MemoryStore()
  const { bytes, digest } = blobOf('printed')
  await cas.write(digest, bytes)
  const result = new reapi.ActionResult().setStdoutDigest(reapi.toDigestMessage(digest)).serializeBinary()
  const state: OperationState = {
    name: 'n',
    instance: '',
    action: digest,
    stage: 'completed',
    createdAt: 0,
    enteredAt: {},
    outcome: { result, cached: true },
  }
  const operation = await toOperation(state, cas, { ...NO_HINTS, stdout: true }, signal)
  const packed = reapi.Operation.deserializeBinary(operation.finish()).getResponse() ?? new reapi.Any()
  const response = reapi.unpackAny(packed, `${PACKAGE}.ExecuteResponse`, reapi.ExecuteResponse)
  assert.is(Buffer.from(response?.getResult()?.getStdoutRaw_asU8() ?? []).toString(), 'printed')
})

test.run()
