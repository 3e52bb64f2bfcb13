import { reapi, SHA256 } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { all, execute, executeRequest, lastOf, run, shellAction, upload } from './actions.js'
import { digestMessage, paths, read, store } from './calls.js'
import { failure } from './raw-client.js'
import { ServerRig } from './server-rig.js'

const { CACHE_CHECK, QUEUED, EXECUTING, COMPLETED } = reapi.ExecutionStage.Value
const { OK, DEADLINE_EXCEEDED, FAILED_PRECONDITION, INVALID_ARGUMENT } = reapi.RpcCode

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start()
})
test.after(() => rig.stop())

test('EX-01, EX-02, EX-03, EX-04: a stream goes through the stages up to the one operation that is done', async () => {
  const action = await upload(rig.client, shellAction('echo stages'))
  const seen = await all(execute(rig.client, action))
  const [first] = seen
  assert.ok(first !== undefined && first.name !== '')
  assert.is(new Set(seen.map(({ name }) => name)).size, 1)
  const order = [CACHE_CHECK, QUEUED, EXECUTING, COMPLETED] as number[]
  const stages = seen.map(({ stage }) => order.indexOf(stage))
  assert.equal(stages, [...stages].sort())
  for (const [n, { operation, stage }] of seen.entries()) {
    assert.is(operation.getDone(), n === seen.length - 1)
    assert.is(stage === COMPLETED, operation.getDone())
    assert.not(operation.hasError())
    assert.is(operation.hasResponse(), operation.getDone())
  }
  const [metadata, response] = [first.operation.getMetadata(), seen.at(-1)?.operation.getResponse()]
  assert.is(metadata?.getTypeUrl(), 'type.googleapis.com/build.bazel.remote.execution.v2.ExecuteOperationMetadata')
  assert.is(response?.getTypeUrl(), 'type.googleapis.com/build.bazel.remote.execution.v2.ExecuteResponse')
  const unpacked = reapi.ExecuteOperationMetadata.deserializeBinary(metadata?.getValue_asU8() ?? Buffer.alloc(0))
  assert.is(unpacked.getActionDigest()?.getHash(), action.digest.hash)
  assert.is(unpacked.getDigestFunction(), reapi.DigestFunction.Value.SHA256)
})

test('ER-01, ER-02: outputs, streams and exit code; a command that fails did finish', async () => {
  const { code, response } = await run(rig.client, 'echo to out; echo to err >&2; echo made > made; exit 3', {
    outputs: ['made', 'not-made'],
  })
  assert.is(code, OK)
  const result = response.getResult()
  assert.is(result?.getExitCode(), 3)
  assert.is((await blob(result?.getStdoutDigest())).toString(), 'to out\n')
  assert.is((await blob(result?.getStderrDigest())).toString(), 'to err\n')
  assert.equal(
    result?.getOutputFilesList().map((file) => file.getPath()),
    ['made'],
  )
  assert.is((await blob(result?.getOutputFilesList()[0]?.getDigest())).toString(), 'made\n')
})

test('EM-01, OR-10: metadata says where and when', async () => {
  const { response } = await run(rig.client, 'cat a', { inputs: { a: blobOf('em') } })
  const metadata = response.getResult()?.getExecutionMetadata()
  assert.ok(metadata?.getWorker())
  const stamps = [
    metadata?.getQueuedTimestamp(),
    metadata?.getWorkerStartTimestamp(),
    metadata?.getInputFetchStartTimestamp(),
    metadata?.getInputFetchCompletedTimestamp(),
    metadata?.getExecutionStartTimestamp(),
    metadata?.getExecutionCompletedTimestamp(),
    metadata?.getOutputUploadStartTimestamp(),
    metadata?.getOutputUploadCompletedTimestamp(),
    metadata?.getWorkerCompletedTimestamp(),
  ].map((stamp) => (stamp === undefined ? Number.NaN : reapi.timestampToMillis(stamp)))
  for (const [n, stamp] of stamps.entries()) assert.ok(n === 0 || stamp >= (stamps[n - 1] ?? 0), stamps.join(' '))
})

test('EX-14, ER-04, EM-03: a second time the result is the cached one, as it was', async () => {
  const first = await run(rig.client, 'date +%N')
  const second = await run(rig.client, 'date +%N')
  assert.equal(
    [first, second].map(({ response }) => response.getCachedResult()),
    [false, true],
  )
  const bytes = [first, second].map(({ response }) => Buffer.from(response.getResult()?.serializeBinary() ?? []))
  assert.ok(bytes[0]?.length && bytes[1]?.equals(bytes[0]))
})

test('EX-15: skip_cache_lookup runs it again and replaces what is cached', async () => {
  const first = await run(rig.client, 'date +%s%N')
  const action = shellAction('date +%s%N')
  const again = await lastOf(execute(rig.client, executeRequest(action).setSkipCacheLookup(true)))
  assert.is(again.response.getCachedResult(), false)
  const third = await lastOf(execute(rig.client, action))
  const hashes = [first, again, third].map(({ response }) => response.getResult()?.getStdoutDigest()?.getHash())
  assert.is.not(hashes[0], hashes[1])
  assert.is(hashes[1], hashes[2])
})

test('EX-16, EX-17: neither do_not_cache nor failed commands are cached', async () => {
  for (const [script, options] of [
    ['echo no cache', { doNotCache: true }],
    ['exit 4', {}],
  ] as const) {
    for (let n = 0; n < 2; n++) assert.is((await run(rig.client, script, options)).response.getCachedResult(), false)
  }
})

test('EX-22, AC-06, AC-07: hints are honoured for new and for cached results', async () => {
  const action = await upload(rig.client, shellAction('echo out; echo err >&2; echo in > f', { outputs: ['f'] }))
  const request = executeRequest(action).setInlineStdout(true).setInlineStderr(true).setInlineOutputFilesList(['f'])
  for (const cached of [false, true]) {
    const { response } = await lastOf(execute(rig.client, request))
    assert.is(response.getCachedResult(), cached)
    const result = response.getResult()
    assert.is(Buffer.from(result?.getStdoutRaw_asU8() ?? []).toString(), 'out\n')
    assert.is(Buffer.from(result?.getStderrRaw_asU8() ?? []).toString(), 'err\n')
    assert.is(Buffer.from(result?.getOutputFilesList()[0]?.getContents_asU8() ?? []).toString(), 'in\n')
    assert.ok(result?.getStdoutDigest())
  }
  const plain = (await lastOf(execute(rig.client, action))).response.getResult()
  assert.is(plain?.getStdoutRaw_asU8().length, 0)
})

test('EX-06: every missing input is named, as clients need it to upload them', async () => {
  const inputs = { a: blobOf('ex a'), b: blobOf('ex b'), c: blobOf('ex c') }
  const action = shellAction('cat a b c', { inputs })
  const [actionBlob, command, root] = action.blobs
  assert.ok(actionBlob && command && root)
  await store(rig.client, actionBlob, root, inputs.b)
  const { operation, code, response } = await lastOf(execute(rig.client, action))
  assert.is(code, FAILED_PRECONDITION)
  assert.not(operation.hasError())
  assert.equal(subjects(response), [command, inputs.a, inputs.c].map(({ digest }) => `blobs/${digest}`).sort())
})

test('EX-07: so is the Action itself', async () => {
  const action = shellAction('echo nobody uploaded this')
  const { code, response } = await lastOf(execute(rig.client, action))
  assert.is(code, FAILED_PRECONDITION)
  assert.equal(subjects(response), [`blobs/${action.digest}`])
})

test('EX-08: an action that makes no sense is INVALID_ARGUMENT, in the response', async () => {
  const nonsense = blobOf('\xff this is no action')
  const noCommand = blobOf(new reapi.Action().setDoNotCache(true).serializeBinary())
  await store(rig.client, nonsense, noCommand)
  for (const { digest } of [nonsense, noCommand]) {
    assert.is((await lastOf(execute(rig.client, { digest }))).code, INVALID_ARGUMENT)
  }
  assert.is((await run(rig.client, '', { argv: [] })).code, INVALID_ARGUMENT)
  assert.is((await run(rig.client, 'true', { outputs: ['../escape'] })).code, INVALID_ARGUMENT)
  assert.is((await run(rig.client, 'true', { timeoutMs: 1e12 })).code, INVALID_ARGUMENT)
})

test('EX-05: a request that makes no sense is a failed call', async () => {
  const digest = digestMessage(blobOf('x').digest)
  for (const request of [
    new reapi.ExecuteRequest().setActionDigest(new reapi.Digest().setHash('short').setSizeBytes(1)),
    new reapi.ExecuteRequest().setActionDigest(digest).setInstanceName('a//b'),
    new reapi.ExecuteRequest().setActionDigest(digest).setInstanceName('operations'),
  ]) {
    assert.is((await failure(rig.client.serverStream(paths.execute, request))).code, 'INVALID_ARGUMENT')
  }
})

test('EX-12, ER-03: a command that takes too long is DEADLINE_EXCEEDED, with what it said so far', async () => {
  const { code, response } = await run(rig.client, 'echo so far; sleep 60', { timeoutMs: 300 })
  assert.is(code, DEADLINE_EXCEEDED)
  assert.is((await blob(response.getResult()?.getStdoutDigest())).toString(), 'so far\n')
})

test('EX-23: priorities are taken, those out of range as the nearest in range', async () => {
  const action = await upload(rig.client, shellAction('echo priority'))
  for (const priority of [-2_000_000_000, 5, 2_000_000_000]) {
    const policy = new reapi.ExecutionPolicy().setPriority(priority)
    assert.is((await lastOf(execute(rig.client, executeRequest(action).setExecutionPolicy(policy)))).code, OK)
  }
})

test('GEN-04: a result of one instance is not served to another', async () => {
  const action = await upload(rig.client, shellAction('echo instances'))
  const cached = []
  for (const instance of ['', 'team/a', 'team/a', '']) {
    const request = executeRequest(action).setInstanceName(instance)
    cached.push((await lastOf(execute(rig.client, request))).response.getCachedResult())
  }
  assert.equal(cached, [false, false, true, true])
})

async function blob(digest: reapi.Digest | undefined): Promise<Buffer> {
  assert.ok(digest)
  return await read(rig.client, reapi.fromDigestMessage(SHA256, digest, 'a digest'))
}

/** Of MISSING violations, sorted. */
function subjects(response: reapi.ExecuteResponse): string[] {
  const details = response.getStatus()?.getDetailsList() ?? []
  const failures = details.flatMap(
    (any) => reapi.unpackAny(any, 'google.rpc.PreconditionFailure', reapi.PreconditionFailure) ?? [],
  )
  const violations = failures.flatMap((each) => each.getViolationsList())
  assert.ok(violations.every((violation) => violation.getType() === 'MISSING'))
  return violations.map((violation) => violation.getSubject()).sort()
}

test.run()
