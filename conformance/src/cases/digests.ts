import { Digest, reapi, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import {
  badDigests,
  batchRead,
  batchReadRequest,
  batchUpdate,
  callFailure,
  digestMessage,
  failure,
  findMissing,
  getResult,
  isCode,
  isMissing,
  paths,
  rawDigest,
  read,
  store,
  storedAction,
  updateRequest,
  updateResult,
  upload,
} from '../client/index.js'
import { Cases } from '../suite/case.js'

export const digests = new Cases()
const { test } = digests

const { OK, INVALID_ARGUMENT, NOT_FOUND } = reapi.RpcCode

test('DIG-01, DIG-03, GEN-01: FindMissingBlobs refuses digests that are none, also beside good ones', async (t) => {
  const good = digestMessage(t.blob('good').digest)
  for (const [about, digest] of badDigests(t.strangeHash())) {
    for (const list of [[digest], [good, digest]]) {
      const request = new reapi.FindMissingBlobsRequest().setInstanceName(t.client.instance).setBlobDigestsList(list)
      isCode(await callFailure(t.client, paths.findMissingBlobs, request), 'INVALID_ARGUMENT', about)
    }
  }
})

test('DIG-01, DIG-03, GEN-01: batches refuse them, the entry or the call', async (t) => {
  const { client } = t
  for (const [about, digest] of badDigests(t.strangeHash())) {
    const update = new reapi.BatchUpdateBlobsRequest().setInstanceName(client.instance)
    update.addRequests(new reapi.BatchUpdateBlobsRequest.Request().setDigest(digest).setData(Buffer.from('x')))
    for (const answer of [
      () => batchUpdate(client, update),
      async () => (await batchRead(client, batchReadRequest(client, [digest]))).map(({ code }) => code),
    ]) {
      const codes = await answer().catch((error: { code?: number }) => [error.code])
      assert.equal(codes, [INVALID_ARGUMENT], about)
    }
  }
})

test('DIG-01, DIG-03, GEN-01: so do the action cache and GetTree', async (t) => {
  const instance = t.client.instance
  for (const [about, digest] of badDigests(t.strangeHash())) {
    for (const [path, message] of [
      [paths.getActionResult, new reapi.GetActionResultRequest().setActionDigest(digest)],
      [
        paths.updateActionResult,
        new reapi.UpdateActionResultRequest().setActionDigest(digest).setActionResult(new reapi.ActionResult()),
      ],
      [paths.getTree, new reapi.GetTreeRequest().setRootDigest(digest)],
    ] as const) {
      const failed = await callFailure(t.client, path, message.setInstanceName(instance))
      isCode(failed, 'INVALID_ARGUMENT', `${about}, ${path}`)
    }
  }
})

test('DIG-01, DIG-03: and resource names', async (t) => {
  const hash = t.strangeHash()
  const prefix = t.client.instance === '' ? '' : `${t.client.instance}/`
  for (const tail of [
    `${hash.slice(0, -1)}A/1`,
    `${hash.slice(1)}/1`,
    `${hash}0/1`,
    `g${hash.slice(1)}/1`,
    `${hash}/-1`,
  ]) {
    const request = new reapi.ReadRequest().setResourceName(`${prefix}blobs/${tail}`)
    isCode(await callFailure(t.client, paths.read, request), 'INVALID_ARGUMENT', tail)
  }
})

test('DIG-03: a size of 2^63−1 is no blob that is there, and does no harm', async (t) => {
  // No JavaScript number is 2^63−1: the message by hand.
  const hash = Buffer.from(t.strangeHash())
  const size = Buffer.from('10ffffffffffffffff7f', 'hex')
  const digest = Buffer.concat([Buffer.from([0x0a, hash.length]), hash, size])
  const instance = Buffer.from(t.client.instance)
  const named = instance.length === 0 ? [] : [Buffer.from([0x0a, instance.length]), instance]
  const request = Buffer.concat([...named, Buffer.from([0x12, digest.length]), digest])
  const answer = t.client.unary(paths.findMissingBlobs, request)
  const outcome = await answer.then(
    (bytes) => (bytes.includes(hash) ? 'missing' : 'there'),
    (error: { code: number }) => error.code,
  )
  assert.ok(outcome === 'missing' || outcome === INVALID_ARGUMENT, String(outcome))
})

test('DIG-02: the right hash with another size is another blob, for all who ask', async (t) => {
  const { client } = t
  const blob = t.blob('sized')
  await store(client, blob)
  for (const difference of [1, -1, 1000]) {
    const resized = Digest.of(SHA256, blob.digest.hash, blob.digest.sizeBytes + difference)
    assert.equal(await findMissing(client, [blob.digest, resized]), [`${resized.hash}/${resized.sizeBytes}`])
    const [entry] = await batchRead(client, batchReadRequest(client, [digestMessage(resized)]))
    assert.is(entry?.code, NOT_FOUND)
    isCode(await failure(read(client, resized)), 'NOT_FOUND')
  }
})

test('DIG-02, BU-03, BW-05: content of another size is refused', async (t) => {
  const { client } = t
  const blob = t.blob('to be stored')
  for (const difference of [1, -1]) {
    const digest = Digest.of(SHA256, blob.digest.hash, blob.digest.sizeBytes + difference)
    assert.equal(await batchUpdate(client, updateRequest(client, [{ digest, bytes: blob.bytes }])), [INVALID_ARGUMENT])
    isCode(await failure(upload(client, { digest, bytes: blob.bytes })), ['INVALID_ARGUMENT', 'OUT_OF_RANGE'])
    assert.ok(await isMissing(client, { digest }))
  }
  assert.equal(await batchUpdate(client, updateRequest(client, [blob])), [OK])
})

test('DIG-02: an action of another size is another action', async (t) => {
  const action = await storedAction(t.client, t.unique())
  await updateResult(t.client, action.digest, new reapi.ActionResult().setExitCode(3))
  const resized = Digest.of(SHA256, action.digest.hash, action.digest.sizeBytes + 1)
  isCode(await failure(getResult(t.client, resized)), 'NOT_FOUND')
})

test('DIG-04: without a function, 64 digits are SHA-256; with it they are the same blob', async (t) => {
  t.needsDigestFunction(reapi.DigestFunction.Value.SHA256, 'SHA256')
  const blob = t.blob('named')
  await store(t.client, blob)
  const request = new reapi.FindMissingBlobsRequest()
    .setInstanceName(t.client.instance)
    .setBlobDigestsList([digestMessage(blob.digest)])
    .setDigestFunction(reapi.DigestFunction.Value.SHA256)
  const answer = reapi.FindMissingBlobsResponse.deserializeBinary(await t.client.unary(paths.findMissingBlobs, request))
  assert.equal(answer.getMissingBlobDigestsList(), [])
  assert.not(await isMissing(t.client, blob))
})

test('DIG-06: all digests of a request are of its one function', async (t) => {
  t.needsDigestFunction(reapi.DigestFunction.Value.SHA256, 'SHA256')
  const { SHA256: fn } = reapi.DigestFunction.Value
  const instance = t.client.instance
  const list = [digestMessage(t.blob('').digest), rawDigest('a'.repeat(40))]
  for (const request of [
    new reapi.FindMissingBlobsRequest().setInstanceName(instance).setBlobDigestsList(list).setDigestFunction(fn),
    new reapi.FindMissingBlobsRequest().setInstanceName(instance).setBlobDigestsList(list),
  ]) {
    isCode(await callFailure(t.client, paths.findMissingBlobs, request), 'INVALID_ARGUMENT')
  }
})
