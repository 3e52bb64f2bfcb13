// Why an action is not the one that ran before: gorego's own service History.
import {
  execute,
  failure,
  lastOf,
  paths,
  type RawClient,
  sayingFor,
  shell,
  uploadAction,
} from '@gorego/conformance/client'
import { type Digest, reapi } from '@gorego/core'
import type { ActionMessages } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const EXPLAIN = '/gorego.execution.v1.History/Explain'

const said = (target: string, mnemonic = 'CppCompile') =>
  sayingFor({ target, mnemonic, tool: ['bazel', '8.1.0'], invocation: 'an-invocation' })

interface Ran {
  readonly digest: Digest
  readonly operation: string
}

async function ran(client: RawClient, target: string, messages: ActionMessages, mnemonic?: string): Promise<Ran> {
  const action = await uploadAction(client, shell('true', messages))
  const { name } = await lastOf(execute(client, action.digest, { metadata: said(target, mnemonic) }))
  return { digest: action.digest, operation: name }
}

async function explain(client: RawClient, request: reapi.ExplainRequest) {
  const message = reapi.Explanation.deserializeBinary(await client.unary(EXPLAIN, request))
  return {
    message,
    action: message.getActionDigest()?.getHash(),
    previous: message.getPreviousActionDigest()?.getHash(),
    differences: message
      .getDifferencesList()
      .map((d) => [
        d.getKind(),
        d.getSubject(),
        d.getHasBefore() ? d.getBefore() : undefined,
        d.getHasAfter() ? d.getAfter() : undefined,
      ]),
  }
}

const ofTarget = (target: string, mnemonic = '') =>
  new reapi.ExplainRequest().setTargetId(target).setActionMnemonic(mnemonic)

for (const frontEnds of [1, 2]) {
  test(`an action is compared with the last one that made the same outputs, with front_ends: ${frontEnds}`, async () => {
    await using rig = await ServerRig.start({ frontEnds })
    const { client } = rig
    const source = (name: string, content: string): ActionMessages => ({
      outputPaths: [`${name}.o`],
      inputs: { src: { directory: { [`${name}.c`]: content } } },
    })
    const first = await ran(client, '//a:lib', source('x', 'one'))
    await ran(client, '//a:lib', source('y', 'of the same target, but another output'))
    await ran(client, '//b:lib', source('x', 'of another target'))
    await ran(client, '//a:lib', source('x', 'of another kind'), 'Lint')
    const second = await ran(client, '//a:lib', source('x', 'three'))

    const asked = new reapi.ExplainRequest().setOperationName(second.operation)
    const { message, ...explained } = await explain(client, asked)
    assert.is(explained.action, second.digest.hash)
    assert.is(explained.previous, first.digest.hash)
    assert.equal(
      explained.differences.map(([kind, path]) => [kind, path]),
      [['input', 'src/x.c']],
    )
    assert.match(String(explained.differences[0]?.[2]), /^file [0-9a-f]{64}\/3$/)
    assert.equal([message.getTargetId(), message.getActionMnemonic()], ['//a:lib', 'CppCompile'])
    const ago = Date.now() - reapi.timestampToMillis(message.getPreviousTime() ?? new reapi.Timestamp())
    assert.ok(ago >= 0 && ago < 600_000, String(ago))

    const byTarget = await explain(client, ofTarget('//a:lib'))
    assert.equal(byTarget.action, second.digest.hash)
    const byKind = await explain(client, ofTarget('//a:lib', 'Lint'))
    assert.equal([byKind.previous, byKind.differences], [undefined, []])
  })
}

test('an action that came back is compared with the one between, though it is the older one of the two', async () => {
  await using rig = await ServerRig.start()
  const [env, other]: ActionMessages['env'][] = [[['A', '1']], [['A', '2']]]
  const first = await ran(rig.client, '//a', { env: env ?? [] })
  const second = await ran(rig.client, '//a', { env: other ?? [] })
  const again = await ran(rig.client, '//a', { env: env ?? [] })
  assert.is(again.digest.hash, first.digest.hash)
  const explained = await explain(rig.client, new reapi.ExplainRequest().setOperationName(again.operation))
  assert.is(explained.previous, second.digest.hash)
  assert.equal(explained.differences, [['variable', 'A', '2', '1']])
})

test('any two Actions can be compared, and no more is said than was asked for', async () => {
  await using rig = await ServerRig.start()
  const first = await uploadAction(rig.client, shell('one', { env: [['A', '1']] }))
  const second = await uploadAction(rig.client, shell('two', { env: [['B', '1']] }))
  const request = new reapi.ExplainRequest()
    .setActionDigest(reapi.toDigestMessage(second.digest))
    .setComparedWith(reapi.toDigestMessage(first.digest))
  assert.equal((await explain(rig.client, request)).differences, [
    ['argument', '2', 'one', 'two'],
    ['variable', 'A', '1', undefined],
    ['variable', 'B', undefined, '1'],
  ])
  const { message } = await explain(rig.client, request.setMaxDifferences(1))
  assert.equal([message.getDifferencesList().length, message.getTruncated()], [1, true])
})

test('what nothing can be said of is an error that says what to do', async () => {
  await using rig = await ServerRig.start()
  const { client } = rig
  const fails = async (request: reapi.ExplainRequest) => {
    const { code, message } = await failure(client.unary(EXPLAIN, request))
    return `${code} ${message}`
  }
  const action = await uploadAction(client, shell('true'))
  const { name } = await lastOf(execute(client, action.digest))
  assert.match(await fails(new reapi.ExplainRequest()), /^INVALID_ARGUMENT name an operation, a target/)
  assert.match(await fails(new reapi.ExplainRequest().setOperationName('no such')), /^NOT_FOUND /)
  assert.match(await fails(ofTarget('//a:b')), /^NOT_FOUND no action of target "\/\/a:b" was executed since/)
  assert.match(
    await fails(new reapi.ExplainRequest().setOperationName(name)),
    /^FAILED_PRECONDITION .* RequestMetadata/,
  )
  assert.match(await fails(ofTarget('//a').setInstanceName('blobs')), /^INVALID_ARGUMENT /)
  const digest = reapi.toDigestMessage(action.digest)
  assert.match(await fails(new reapi.ExplainRequest().setActionDigest(digest)), /^INVALID_ARGUMENT compared_with/)
})

test('an action that did not come to a result is not remembered', async () => {
  await using rig = await ServerRig.start()
  const missing = shell('true', { inputs: { f: 'not uploaded' } })
  const gone = missing.blobs.find(({ bytes }) => Buffer.from(bytes).toString() === 'not uploaded')
  await uploadAction(rig.client, missing, { except: gone === undefined ? [] : [gone.digest] })
  await lastOf(execute(rig.client, missing.digest, { metadata: said('//a') }))
  const { code } = await failure(rig.client.unary(EXPLAIN, ofTarget('//a')))
  assert.is(code, 'NOT_FOUND')
})

test('who looks at operations learns for whom they are; who executes knows', async () => {
  await using rig = await ServerRig.start()
  const { client } = rig
  const { operation } = await ran(client, '//a:lib', {})
  const request = new reapi.GetOperationRequest().setName(operation)
  const one = reapi.Operation.deserializeBinary(await client.unary(paths.getOperation, request))
  const list = new reapi.ListOperationsRequest()
  const page = reapi.ListOperationsResponse.deserializeBinary(await client.unary(paths.listOperations, list))
  const [listed] = page.getOperationsList()
  const waiting = client.serverStream(paths.waitExecution, new reapi.WaitExecutionRequest().setName(operation))
  let waited: reapi.Operation | undefined
  for await (const bytes of waiting) waited = reapi.Operation.deserializeBinary(bytes)
  assert.equal(originOf(one), {
    toolDetails: { toolName: 'bazel', toolVersion: '8.1.0' },
    actionId: '',
    toolInvocationId: 'an-invocation',
    correlatedInvocationsId: '',
    actionMnemonic: 'CppCompile',
    targetId: '//a:lib',
    configurationId: '',
  })
  assert.equal(originOf(listed), originOf(one))
  assert.is(originOf(waited), undefined)
})

function originOf(operation: reapi.Operation | undefined): unknown {
  const any = operation?.getMetadata() ?? new reapi.Any()
  const type = 'build.bazel.remote.execution.v2.ExecuteOperationMetadata'
  const metadata = reapi.unpackAny(any, type, reapi.ExecuteOperationMetadata)
  const [origin] = metadata?.getPartialExecutionMetadata()?.getAuxiliaryMetadataList() ?? []
  const name = 'build.bazel.remote.execution.v2.RequestMetadata'
  return origin && reapi.unpackAny(origin, name, reapi.RequestMetadata)?.toObject()
}

test.run()
