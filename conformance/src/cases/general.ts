import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import { buildAction } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  callFailure,
  digestMessage,
  findMissing,
  isCode,
  isNotRetried,
  paths,
  rawDigest,
  shell,
  storedAction,
  uploadName,
  writeRequest,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const general = new Cases()
const { test } = general

const executing: readonly string[] = [
  paths.execute,
  paths.waitExecution,
  paths.getOperation,
  paths.listOperations,
  paths.cancelOperation,
  paths.deleteOperation,
  paths.waitOperation,
]
const chunking: readonly string[] = [paths.splitBlob, paths.spliceBlob]
const storing = Object.values(paths).filter((path) => !executing.includes(path) && !chunking.includes(path))

async function alive(t: Tester): Promise<void> {
  assert.equal(await findMissing(t.client, [emptyDigest(SHA256)]), [])
}

test('GEN-01: a digest that is required and absent', async (t) => {
  const instance = t.client.instance
  const result = new reapi.ActionResult().setExitCode(1)
  for (const [path, message] of [
    [paths.getTree, new reapi.GetTreeRequest().setInstanceName(instance)],
    [paths.getActionResult, new reapi.GetActionResultRequest().setInstanceName(instance)],
    [paths.updateActionResult, new reapi.UpdateActionResultRequest().setInstanceName(instance).setActionResult(result)],
  ] as const) {
    isCode(await callFailure(t.client, path, message), 'INVALID_ARGUMENT', path)
  }
})

test('GEN-01: so for an execution', async (t) => {
  t.needsExecution()
  const request = () => new reapi.ExecuteRequest().setInstanceName(t.client.instance)
  isCode(await callFailure(t.client, paths.execute, request()), 'INVALID_ARGUMENT')
  const empty = request().setActionDigest(new reapi.Digest())
  isCode(await callFailure(t.client, paths.execute, empty), 'INVALID_ARGUMENT')
})

// A field that goes on beyond the end, a number without an end, a string that is not UTF-8, a length of 2^64.
const GARBAGE = ['0aff01', 'ffffffffffffffffffffff', '0a02c328', '12ffffffffffffffffff01']

test('GEN-01, CL-01: after bytes that are no message, in every method, the server goes on', async (t) => {
  for (const path of Object.values(paths)) {
    // Nothing in particular is asked of the answer; some of these bytes are an unknown field to some decoders.
    for (const garbage of GARBAGE) await callFailure(t.client, path, Buffer.from(garbage, 'hex')).catch(() => {})
  }
  await alive(t)
})

test(
  'GEN-06, GEN-01: bytes that are no message are the fault of the client',
  async (t) => {
    const execution = t.capabilities.hasExecutionCapabilities() ? executing : []
    for (const path of [...storing, ...execution]) {
      for (const garbage of GARBAGE) {
        const failed = await callFailure(t.client, path, Buffer.from(garbage, 'hex'))
        isCode(failed, 'INVALID_ARGUMENT', `${path} ${garbage}`)
      }
    }
  },
  { level: 'D' },
)

test('GEN-06, CL-01: what clients do wrong is told with codes that are not tried again', async (t) => {
  const { client } = t
  const { digest } = t.blob('small')
  const name = uploadName(client, digest)
  const instance = client.instance
  const action = (await storedAction(client, t.unique())).digest
  const outside = new reapi.ActionResult().setOutputFilesList([new reapi.OutputFile().setPath('/../x')])
  const mistakes: readonly (readonly [string, Uint8Array | { serializeBinary(): Uint8Array }])[] = [
    [paths.read, new reapi.ReadRequest().setResourceName('nonsense')],
    [paths.read, new reapi.ReadRequest().setResourceName(name)],
    [paths.write, writeRequest({ name: 'nonsense', data: Buffer.from('x'), finish: true })],
    [paths.write, writeRequest({ name, data: Buffer.from('other bytes'), finish: true })],
    [paths.write, writeRequest({ name, data: Buffer.from('x') })],
    [paths.write, writeRequest({ name, offset: 1e6, data: Buffer.from('x'), finish: true })],
    [paths.queryWriteStatus, new reapi.QueryWriteStatusRequest().setResourceName('nonsense')],
    [
      paths.findMissingBlobs,
      new reapi.FindMissingBlobsRequest().setInstanceName(instance).setBlobDigestsList([rawDigest('zz')]),
    ],
    [paths.getTree, new reapi.GetTreeRequest().setInstanceName(instance).setRootDigest(digestMessage(digest))],
    [paths.getTree, new reapi.GetTreeRequest().setInstanceName(instance).setRootDigest(rawDigest('zz'))],
    [
      paths.getActionResult,
      new reapi.GetActionResultRequest().setInstanceName(instance).setActionDigest(digestMessage(digest)),
    ],
    [
      paths.updateActionResult,
      new reapi.UpdateActionResultRequest()
        .setInstanceName(instance)
        .setActionDigest(digestMessage(action))
        .setActionResult(outside),
    ],
  ]
  for (const [n, [path, message]] of mistakes.entries()) {
    isNotRetried(await callFailure(client, path, message), `${path}, mistake ${n}`)
  }
})

test('GEN-06, CL-01: so are mistakes in executions', async (t) => {
  t.needsExecution()
  const request = (digest: reapi.Digest) =>
    new reapi.ExecuteRequest().setInstanceName(t.client.instance).setActionDigest(digest)
  isNotRetried(await callFailure(t.client, paths.execute, request(rawDigest('zz'))))
  isNotRetried(await callFailure(t.client, paths.execute, request(rawDigest(t.strangeHash(), -3))))
  const unknown = new reapi.WaitExecutionRequest().setName(`operations/${t.unique()}`)
  isNotRetried(await callFailure(t.client, paths.waitExecution, unknown))
})

test('GEN-06: names that an error message would cut in the middle of a character do no harm', async (t) => {
  for (const length of [98, 99, 100, 199, 1950, 1999, 2000, 5000]) {
    const hostile = `${'x'.repeat(length)}${'📦'.repeat(1000)}`
    const read = new reapi.ReadRequest().setResourceName(hostile)
    isNotRetried(await callFailure(t.client, paths.read, read), `${length} characters`)
  }
  await alive(t)
})

test(
  'GEN-06: also in messages with 8,000 bytes of them, and in every service',
  async (t) => {
    const hostile = `${'x'.repeat(1999)}${'📦'.repeat(2000)}`
    const instance = t.client.instance
    const result = new reapi.ActionResult().setOutputFilesList([new reapi.OutputFile().setPath(hostile)])
    const action = digestMessage(buildAction({ salt: t.unique() }).digest)
    for (const [path, message] of [
      [paths.getCapabilities, new reapi.GetCapabilitiesRequest().setInstanceName(`${hostile}//`)],
      [
        paths.updateActionResult,
        new reapi.UpdateActionResultRequest().setInstanceName(instance).setActionDigest(action).setActionResult(result),
      ],
    ] as const) {
      isCode(await callFailure(t.client, path, message), 'INVALID_ARGUMENT', path)
    }
  },
  { level: 'D' },
)

test('GEN-08: a digest function that is not advertised', async (t) => {
  const digest = digestMessage(t.blob('').digest)
  const instance = t.client.instance
  const offered = t.capabilities.getCacheCapabilities()?.getDigestFunctionsList() ?? []
  const all = [...Object.values(reapi.DigestFunction.Value), 4711 as reapi.DigestFunctionValue]
  const foreign = all.filter((fn) => fn !== reapi.DigestFunction.Value.UNKNOWN && !offered.includes(fn))
  for (const fn of foreign) {
    for (const [path, message] of [
      [paths.findMissingBlobs, new reapi.FindMissingBlobsRequest().setBlobDigestsList([digest])],
      [paths.batchReadBlobs, new reapi.BatchReadBlobsRequest().setDigestsList([digest])],
      [paths.getTree, new reapi.GetTreeRequest().setRootDigest(digest)],
      [paths.getActionResult, new reapi.GetActionResultRequest().setActionDigest(digest)],
    ] as const) {
      const request = message.setInstanceName(instance).setDigestFunction(fn)
      isCode(await callFailure(t.client, path, request), 'INVALID_ARGUMENT', `${path}, function ${fn}`)
    }
  }
})

test('GEN-08: so for an execution', async (t) => {
  t.needsExecution()
  const offered = t.capabilities.getExecutionCapabilities()?.getDigestFunctionsList() ?? []
  const { VSO, MURMUR3 } = reapi.DigestFunction.Value
  for (const fn of [VSO, MURMUR3].filter((each) => !offered.includes(each))) {
    const request = new reapi.ExecuteRequest()
      .setInstanceName(t.client.instance)
      .setActionDigest(digestMessage(shell('true', { salt: t.unique() }).digest))
      .setDigestFunction(fn)
    isCode(await callFailure(t.client, paths.execute, request), 'INVALID_ARGUMENT', `function ${fn}`)
  }
})
