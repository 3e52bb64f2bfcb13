import { digestMessage, failure, paths, store } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(() => rig.stop())

test('DIG-03: a size that is larger than any blob can be is refused', async () => {
  // 2^63-1, which no JavaScript number is.
  const hash = Buffer.from('ab'.repeat(32))
  const size = Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f])
  const digest = Buffer.concat([Buffer.from([0x0a, hash.length]), hash, size])
  const request = Buffer.concat([Buffer.from([0x12, digest.length]), digest])
  assert.is((await failure(rig.client.unary(paths.findMissingBlobs, request))).code, 'INVALID_ARGUMENT')
})

test('DIG-04, DIG-06, GEN-08: the function may be named if it is one that is advertised', async () => {
  const digests = [digestMessage(blobOf('fm named').digest)]
  const find = (fn: reapi.DigestFunctionValue, list = digests) =>
    rig.client.unary(
      paths.findMissingBlobs,
      new reapi.FindMissingBlobsRequest().setDigestFunction(fn).setBlobDigestsList(list),
    )
  const { SHA256: known, VSO, MURMUR3, SHA256TREE } = reapi.DigestFunction.Value
  assert.ok(await find(known))
  for (const fn of [VSO, MURMUR3, SHA256TREE, 4711 as reapi.DigestFunctionValue]) {
    assert.is((await failure(find(fn))).code, 'INVALID_ARGUMENT', `function ${fn}`)
  }
  const sha1 = new reapi.Digest().setHash('a'.repeat(40)).setSizeBytes(1)
  assert.is((await failure(find(known, [sha1]))).code, 'INVALID_ARGUMENT')
})

test('GEN-03, GEN-04: instances share blobs; names that cannot be are refused', async () => {
  const blob = blobOf('fm of all')
  await store(rig.client, blob)
  const request = new reapi.FindMissingBlobsRequest().setBlobDigestsList([digestMessage(blob.digest)])
  const response = await rig.client.unary(paths.findMissingBlobs, request.setInstanceName('a/b'))
  assert.is(response.length, 0)
  const { code } = await failure(rig.client.unary(paths.findMissingBlobs, request.setInstanceName('a/blobs')))
  assert.is(code, 'INVALID_ARGUMENT')
})

test.run()
