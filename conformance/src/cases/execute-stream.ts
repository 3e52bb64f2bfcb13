import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { all, execute, executeRequest, lastOf, uploadAction, waitExecution } from '../client/actions.js'
import { paths } from '../client/calls.js'
import { failure } from '../client/raw-client.js'
import { Cases } from '../suite/case.js'

export const executeStream = new Cases((t) => t.needsExecution())
const { test } = executeStream

const { CACHE_CHECK, QUEUED, EXECUTING, COMPLETED } = reapi.ExecutionStage.Value
const { OK } = reapi.RpcCode
const TYPES = 'type.googleapis.com/build.bazel.remote.execution.v2'

test('EX-01: the first message names the operation, the action and the stage', async (t) => {
  const action = t.shell('echo first')
  await uploadAction(t.client, action)
  const stream = execute(t.client, action.digest)
  const { value: first } = await stream.next()
  assert.ok(first.name !== '', 'the operation has a name')
  assert.is(first.operation.getMetadata()?.getTypeUrl(), `${TYPES}.ExecuteOperationMetadata`)
  assert.is(first.metadata.getActionDigest()?.getHash(), action.digest.hash)
  assert.is(first.metadata.getActionDigest()?.getSizeBytes(), action.digest.sizeBytes)
  assert.is.not(first.stage, reapi.ExecutionStage.Value.UNKNOWN)
  assert.is((await lastOf(stream)).code, OK)
})

test('EX-01: metadata says by which function the action was digested', async (t) => {
  const { metadata } = await t.run('echo function')
  assert.is(metadata.getDigestFunction(), reapi.DigestFunction.Value.SHA256)
})

test('EX-01: operations of different actions have different names', async (t) => {
  const names = await Promise.all([1, 2, 3].map(async (n) => (await t.run(`echo ${n}`)).name))
  assert.is(new Set(names).size, 3)
})

test('EX-03, EX-04, CL-02: only the last operation is done, and holds an ExecuteResponse', async (t) => {
  const action = t.shell('echo done')
  await uploadAction(t.client, action)
  // The second one is answered from the cache.
  for (const _ of ['run', 'cached']) {
    const seen = await all(execute(t.client, action.digest))
    assert.is(new Set(seen.map(({ name }) => name)).size, 1)
    for (const [n, { operation, stage }] of seen.entries()) {
      assert.is(operation.getDone(), n === seen.length - 1)
      assert.is(stage === COMPLETED, operation.getDone())
      assert.not(operation.hasError())
      assert.is(operation.hasResponse(), operation.getDone())
    }
    assert.is(seen.at(-1)?.operation.getResponse()?.getTypeUrl(), `${TYPES}.ExecuteResponse`)
    assert.is(seen.at(-1)?.code, OK)
  }
})

test(
  'EX-02: the stages of an action that nothing happens to come in order',
  async (t) => {
    const action = t.shell('echo order')
    await uploadAction(t.client, action)
    const order = [CACHE_CHECK, QUEUED, EXECUTING, COMPLETED] as number[]
    const stages = (await all(execute(t.client, action.digest))).map(({ stage }) => order.indexOf(stage))
    assert.equal(stages, [...stages].sort())
  },
  { level: 'D' },
)

test('EX-02: a stream ends as that of WaitExecution does', async (t) => {
  const action = t.shell('sleep 1; echo both')
  await uploadAction(t.client, action)
  const stream = execute(t.client, action.digest)
  const { value: first } = await stream.next()
  const [one, two] = await Promise.all([lastOf(stream), lastOf(waitExecution(t.client, first.name))])
  assert.equal([one.name, one.code], [two.name, two.code])
  assert.equal(one.result.toObject(), two.result.toObject())
})

test('EX-04, EX-05: what goes wrong in a run is in the response, and never an error of the operation', async (t) => {
  for (const action of [t.shell('sleep 60', { timeoutMs: 500 }), t.shell('exit 9')]) {
    const { operation, response } = await t.run(action)
    assert.not(operation.hasError())
    assert.ok(operation.hasResponse())
    assert.ok(response.getStatus() !== undefined || response.hasResult())
  }
})

test('EX-05: a request without a digest, or with one that is none, is a failed call', async (t) => {
  const hash = t.strangeHash()
  for (const digest of [
    undefined,
    new reapi.Digest(),
    new reapi.Digest().setHash('short').setSizeBytes(1),
    new reapi.Digest().setHash(hash.toUpperCase()).setSizeBytes(1),
    new reapi.Digest().setHash(hash).setSizeBytes(-1),
  ]) {
    const request = new reapi.ExecuteRequest().setInstanceName(t.client.instance).setActionDigest(digest)
    assert.is((await failure(t.client.serverStream(paths.execute, request))).code, 'INVALID_ARGUMENT')
  }
})

test(
  'EX-05: so is one with an instance name that cannot be',
  async (t) => {
    const { digest } = t.shell('true')
    for (const name of ['a//b', 'operations', '/a']) {
      const request = executeRequest(t.client, digest).setInstanceName(name)
      assert.is((await failure(t.client.serverStream(paths.execute, request))).code, 'INVALID_ARGUMENT', name)
    }
  },
  { level: 'D' },
)

test('ER-02, CL-02: a response that is OK has a result', async (t) => {
  for (const script of ['true', 'exit 3']) {
    const { code, response } = await t.run(script)
    assert.is(code, OK)
    assert.ok(response.hasResult())
  }
})
