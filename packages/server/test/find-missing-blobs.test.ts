import { Digest, emptyDigest, reapi, SHA256 } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { digestMessage, findMissing, isMissing, paths, store } from './calls.js'
import { failure } from './raw-client.js'
import { ServerRig } from './server-rig.js'

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(() => rig.stop())

test('FM-01: exactly the absent ones are reported, each once', async () => {
  const [a, b, c] = [blobOf('fm a'), blobOf('fm b'), blobOf('fm c')]
  await store(rig.client, b)
  const missing = await findMissing(rig.client, [c.digest, b.digest, a.digest, c.digest])
  assert.equal(missing, [String(c.digest), String(a.digest)])
})

test('FM-02, FM-03: the empty blob is never missing, and of nothing nothing is', async () => {
  assert.equal(await findMissing(rig.client, [emptyDigest(SHA256)]), [])
  assert.equal(await findMissing(rig.client, []), [])
})

test('FM-05: ten thousand digests in one call', async () => {
  const digests = Array.from({ length: 10_000 }, (_, n) => Digest.of(SHA256, n.toString(16).padStart(64, '0'), n + 1))
  assert.is((await findMissing(rig.client, digests)).length, 10_000)
})

test('FM-05: more digests than an answer could name are refused, with the number to ask for', async () => {
  const digests = Array.from({ length: 70_000 }, (_, n) => Digest.of(SHA256, n.toString(16).padStart(64, '0'), n + 1))
  try {
    await findMissing(rig.client, digests)
    assert.unreachable('an answer of more than 4 MiB')
  } catch (error) {
    assert.match(String(error), '50,000')
  }
})

test('FM-06: what BatchUpdateBlobs has acknowledged is there', async () => {
  const blob = blobOf('fm acknowledged')
  assert.ok(await isMissing(rig.client, blob))
  await store(rig.client, blob)
  assert.not(await isMissing(rig.client, blob))
})

test('DIG-02: with another size it is another blob', async () => {
  const { digest, bytes } = blobOf('fm sized')
  await store(rig.client, { digest, bytes })
  const larger = Digest.of(SHA256, digest.hash, digest.sizeBytes + 1)
  assert.equal(await findMissing(rig.client, [digest, larger]), [String(larger)])
})

test('DIG-01, DIG-03, GEN-01: digests that are none are refused', async () => {
  const { hash } = blobOf('x').digest
  const bad = [
    new reapi.Digest(),
    new reapi.Digest().setHash(hash.toUpperCase()).setSizeBytes(1),
    new reapi.Digest().setHash(hash.slice(1)).setSizeBytes(1),
    new reapi.Digest().setHash(`${hash}0`).setSizeBytes(1),
    new reapi.Digest().setHash(`g${hash.slice(1)}`).setSizeBytes(1),
    new reapi.Digest().setHash(`../../${hash.slice(6)}`).setSizeBytes(1),
    new reapi.Digest().setHash(hash).setSizeBytes(-1),
  ]
  for (const digest of bad) {
    for (const list of [[digest], [digestMessage(blobOf('good').digest), digest]]) {
      const request = new reapi.FindMissingBlobsRequest().setBlobDigestsList(list)
      const { code } = await failure(rig.client.unary(paths.findMissingBlobs, request))
      assert.is(code, 'INVALID_ARGUMENT', JSON.stringify(digest.toObject()))
    }
  }
})

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
  const { SHA256: known, SHA1, BLAKE3, SHA384 } = reapi.DigestFunction.Value
  assert.ok(await find(known))
  for (const fn of [SHA1, BLAKE3, SHA384, 4711 as reapi.DigestFunctionValue]) {
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
