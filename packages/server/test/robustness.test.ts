import {
  callFailure,
  digestMessage,
  failure,
  findMissing,
  healthPaths,
  isMissing,
  paths,
  type Sendable,
  updateRequest,
  uploadName,
  writeRequest,
} from '@gorego/conformance/client'
import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize } from '@gorego/core/testing'
import { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024

let rig: ServerRig
const unhandled: unknown[] = []
const note = (reason: unknown) => void unhandled.push(reason)
test.before(async () => {
  process.on('unhandledRejection', note).on('uncaughtException', note)
  // Nothing is kept of uploads that break off, so that every file that is left is one too many.
  rig = await ServerRig.start({ localCache: { partialUploads: { maxSizeGb: 0, keepMinutes: 10 } } })
})
test.after(async () => {
  await rig.stop()
  process.off('unhandledRejection', note).off('uncaughtException', note)
  assert.equal(unhandled, [])
})

const everyPath = [...Object.values(paths), ...Object.values(healthPaths)]

const codeOf = async (path: string, message: Sendable) => (await callFailure(rig.client, path, message)).code

async function alive(): Promise<void> {
  assert.equal(await findMissing(rig.client, [emptyDigest(SHA256)]), [])
  assert.equal(rig.complaints, [], 'what clients do wrong is not logged as an error of ours')
  assert.equal(unhandled, [])
}

test('GEN-01, GEN-06: bytes that are no message are the fault of the client, in every method', async () => {
  // A field that goes on beyond the end, a number without an end, a string that is not UTF-8, a length of 2^64.
  for (const garbage of ['0aff01', 'ffffffffffffffffffffff', '0a02c328', '12ffffffffffffffffff01']) {
    for (const path of everyPath) {
      assert.is(await codeOf(path, Buffer.from(garbage, 'hex')), 'INVALID_ARGUMENT', `${path} ${garbage}`)
    }
  }
  await alive()
})

test('GEN-01: a required digest that is absent is INVALID_ARGUMENT', async () => {
  const action = digestMessage(blobOf('an action').digest)
  for (const [path, message] of [
    [paths.getTree, new reapi.GetTreeRequest()],
    [paths.getActionResult, new reapi.GetActionResultRequest()],
    [paths.updateActionResult, new reapi.UpdateActionResultRequest().setActionResult(new reapi.ActionResult())],
    [paths.updateActionResult, new reapi.UpdateActionResultRequest().setActionDigest(action)],
    [paths.execute, new reapi.ExecuteRequest()],
    [paths.execute, new reapi.ExecuteRequest().setActionDigest(new reapi.Digest())],
    [paths.findMissingBlobs, new reapi.FindMissingBlobsRequest().setBlobDigestsList([new reapi.Digest()])],
  ] as const) {
    assert.is(await codeOf(path, message), 'INVALID_ARGUMENT', path)
  }
})

test('GEN-08: so is a digest function that is not advertised', async () => {
  const digest = digestMessage(blobOf('an action').digest)
  const { SHA256TREE } = reapi.DigestFunction.Value
  for (const [path, message] of [
    [paths.getTree, new reapi.GetTreeRequest().setRootDigest(digest).setDigestFunction(SHA256TREE)],
    [paths.getActionResult, new reapi.GetActionResultRequest().setActionDigest(digest).setDigestFunction(SHA256TREE)],
    [paths.execute, new reapi.ExecuteRequest().setActionDigest(digest).setDigestFunction(SHA256TREE)],
    [paths.batchReadBlobs, new reapi.BatchReadBlobsRequest().setDigestsList([digest]).setDigestFunction(SHA256TREE)],
  ] as const) {
    assert.is(await codeOf(path, message), 'INVALID_ARGUMENT', path)
  }
})

test('GEN-06: names that are cut in the middle of a character for an error message do no harm', async () => {
  const action = digestMessage(blobOf('an action').digest)
  for (const length of [98, 99, 100, 199, 1950, 1999, 2000, 5000]) {
    const hostile = `${'x'.repeat(length)}${'📦'.repeat(2000)}`
    const result = new reapi.ActionResult().setOutputFilesList([new reapi.OutputFile().setPath(hostile)])
    for (const [path, message] of [
      [paths.updateActionResult, new reapi.UpdateActionResultRequest().setActionDigest(action).setActionResult(result)],
      [paths.getCapabilities, new reapi.GetCapabilitiesRequest().setInstanceName(`${hostile}//`)],
      [paths.read, new reapi.ReadRequest().setResourceName(hostile)],
      [paths.listOperations, new reapi.ListOperationsRequest().setFilter(hostile)],
    ] as const) {
      assert.is(await codeOf(path, message), 'INVALID_ARGUMENT', path)
    }
    assert.is(await codeOf(paths.getOperation, new reapi.GetOperationRequest().setName(hostile)), 'NOT_FOUND')
  }
  await alive()
})

test('GEN-07: 200 uploads that break off leave no file behind', async () => {
  const blob = blobOfSize(MIB, 'broken off')
  const client = rig.connect()
  const uploads = Array.from({ length: 200 }, () => client.clientStream(paths.write))
  const first = writeRequest({ name: uploadName(rig.client, blob.digest), data: blob.bytes.subarray(0, 50_000) })
  await Promise.all(uploads.map((upload) => upload.send(first)))
  for (const upload of uploads.slice(0, 100)) upload.cancel()
  // The rest goes with the connection.
  client[Symbol.dispose]()
  for (const upload of uploads.slice(100)) upload.cancel()
  while (rig.temporaryFiles().length > 0) await findMissing(rig.client, [])
  assert.ok(await isMissing(rig.client, blob))
  await alive()
})

test('OP-01: what is not implemented is UNIMPLEMENTED', async () => {
  for (const path of [
    '/build.bazel.remote.execution.v2.ContentAddressableStorage/GetChunkMapping',
    '/some.Service/Method',
  ]) {
    assert.is((await failure(rig.client.unary(path, Buffer.alloc(0)))).code, 'UNIMPLEMENTED')
  }
})

test('requests well above 4 MiB are taken; above 16 MiB they are refused, and the connection goes on', async () => {
  const request = (bytes: number) => updateRequest(rig.client, [blobOf(Buffer.alloc(bytes))])
  // Taken as a message; as a batch it is too large, which is something else.
  const taken = await failure(rig.client.unary(paths.batchUpdateBlobs, request(15e6)))
  assert.is(taken.code, 'INVALID_ARGUMENT')
  const refused = await failure(rig.client.unary(paths.batchUpdateBlobs, request(16 * MIB)))
  assert.is(refused.code, 'RESOURCE_EXHAUSTED')
  await alive()
})

test('GEN-06: a message of millions of tiny fields is refused, in every method, whether they are in it or in a message in it', async () => {
  const tiny = Buffer.alloc(1_000_000, Buffer.from('1200', 'hex'))
  for (const path of everyPath) assert.is(await codeOf(path, tiny), 'INVALID_ARGUMENT', path)
  const result = Buffer.concat([Buffer.from('1a80897a', 'hex'), tiny, tiny])
  assert.is(await codeOf(paths.updateActionResult, result), 'INVALID_ARGUMENT')
  assert.is(await codeOf(paths.batchUpdateBlobs, Buffer.alloc(15 * MIB, tiny)), 'INVALID_ARGUMENT')
  await alive()
})

test('RM-01: a garbled RequestMetadata header fails nothing', async () => {
  const metadata = new Metadata()
  metadata.set('build.bazel.remote.execution.v2.requestmetadata-bin', Buffer.from('ffffffff', 'hex'))
  assert.is((await rig.client.unary(paths.findMissingBlobs, Buffer.alloc(0), { metadata })).length, 0)
})

test('GEN-07: calls that run out of time are ended, and leave nothing', async () => {
  const upload = rig.client.clientStream(paths.write, { timeoutMs: 100 })
  const { digest, bytes } = blobOf('too slow')
  await upload.send(writeRequest({ name: uploadName(rig.client, digest), data: bytes.subarray(0, 2) }))
  assert.is((await failure(upload.response)).code, 'DEADLINE_EXCEEDED')
  while (rig.temporaryFiles().length > 0) await findMissing(rig.client, [])
  await alive()
})

test.run()
