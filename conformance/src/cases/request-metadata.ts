import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { Metadata } from '@grpc/grpc-js'
import * as assert from 'uvu/assert'
import { all, execute, uploadAction, waitExecution } from '../client/actions.js'
import {
  batchReadRequest,
  digestMessage,
  findMissing,
  findMissingRequest,
  getResultRequest,
  paths,
  readRequest,
  updateRequest,
  updateResultRequest,
  uploadName,
  write,
  writeRequests,
} from '../client/calls.js'
import { isCode } from '../client/codes.js'
import { failure } from '../client/raw-client.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const requestMetadata = new Cases()
const { test } = requestMetadata

const HEADER = 'build.bazel.remote.execution.v2.requestmetadata-bin'

function header(bytes: Uint8Array): Metadata {
  const metadata = new Metadata()
  metadata.set(HEADER, Buffer.from(bytes))
  return metadata
}

/** What a client would send; text of the case's own in every field. */
function described(t: Tester): reapi.RequestMetadata {
  return new reapi.RequestMetadata()
    .setToolDetails(new reapi.ToolDetails().setToolName(t.unique('tool')).setToolVersion('1.2.3'))
    .setToolInvocationId(t.unique('invocation'))
    .setCorrelatedInvocationsId(t.unique('correlated'))
    .setActionId(t.unique('action'))
    .setActionMnemonic(t.unique('Mnemonic'))
    .setTargetId(t.unique('//target'))
    .setConfigurationId(t.unique('configuration'))
}

const headers = (t: Tester): Readonly<Record<string, Metadata>> => ({
  none: new Metadata(),
  empty: header(new Uint8Array(0)),
  good: header(described(t).serializeBinary()),
  garbage: header(Buffer.from('ffffffff', 'hex')),
  'no UTF-8': header(Buffer.from('0a02c328', 'hex')),
  long: header(described(t).setTargetId('x'.repeat(5000)).serializeBinary()),
})

test('RM-01: a RequestMetadata header, good or garbled or absent, fails no call to the cache', async (t) => {
  const root = blobOf(new reapi.Directory().serializeBinary())
  for (const [about, metadata] of Object.entries(headers(t))) {
    const blob = t.blob(about)
    const { client } = t
    const name = uploadName(client, blob.digest)
    assert.ok((await write(client, writeRequests(blob, { name }), { metadata })) > 0, about)
    for (const [path, request] of [
      [paths.getCapabilities, new reapi.GetCapabilitiesRequest().setInstanceName(client.instance)],
      [paths.findMissingBlobs, findMissingRequest(client, [blob.digest])],
      [paths.batchUpdateBlobs, updateRequest(client, [blob, root])],
      [paths.batchReadBlobs, batchReadRequest(client, [digestMessage(blob.digest)])],
      [paths.updateActionResult, updateResultRequest(client, blob.digest, new reapi.ActionResult().setExitCode(3))],
      [paths.getActionResult, getResultRequest(client, blob.digest)],
    ] as const) {
      await client.unary(path, request, { metadata })
    }
    const status = new reapi.QueryWriteStatusRequest().setResourceName(name)
    const told = client.unary(paths.queryWriteStatus, status, { metadata })
    // CL-06: some servers have no such method, with or without a header.
    await told.catch(async () => isCode(await failure(told), 'UNIMPLEMENTED', about))
    const tree = new reapi.GetTreeRequest().setInstanceName(client.instance).setRootDigest(digestMessage(root.digest))
    for (const [path, request] of [
      [paths.read, readRequest(client, blob.digest)],
      [paths.read, readRequest(client, emptyDigest(SHA256))],
      [paths.getTree, tree],
    ] as const) {
      for await (const _ of client.serverStream(path, request, { metadata }));
    }
  }
})

test('RM-01: nor one of an execution', async (t) => {
  t.needsExecution()
  const action = t.shell('echo described')
  await uploadAction(t.client, action)
  for (const [about, metadata] of Object.entries(headers(t))) {
    const last = (await all(execute(t.client, action.digest, { metadata }))).at(-1)
    assert.is(last?.code, 0, about)
    assert.is((await all(waitExecution(t.client, last?.name ?? '', { metadata }))).at(-1)?.code, 0, about)
  }
})

test('RM-02: who asked for an execution is in the logs', async (t) => {
  t.needsExecution()
  const server = await t.ownServer({ log_level: 'debug' })
  const client = t.connect(server)
  const action = t.shell('echo logged')
  await uploadAction(client, action)
  await all(execute(client, action.digest, { metadata: header(described(t).serializeBinary()) }))
  const wanted = ['tool', 'invocation', 'action', 'Mnemonic', '//target'].map((part) => t.unique(part))
  const told = () =>
    server.logs.map((line) => JSON.stringify(line)).some((line) => wanted.every((part) => line.includes(part)))
  // What it logs comes by another way than its answers; the limit of a case ends this where it does not.
  while (!told()) await findMissing(client, [])
})
