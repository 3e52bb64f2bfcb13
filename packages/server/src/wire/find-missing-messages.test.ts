// FindMissingBlobs' messages against google-protobuf.
import { Digest, reapi, SHA256, SHA512 } from '@gorego/core'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { field, hashes, sizes, unknownFields } from '../../test/garbled-messages.js'
import { readsAsProtobuf } from '../../test/reads-as-protobuf.js'
import { encodeMissing, FindMissingRequest } from './find-missing-messages.js'

interface Content {
  readonly instanceName: string
  readonly digestFunction: number
  readonly digests: readonly string[]
}

function ours(bytes: Uint8Array): Content {
  const request = FindMissingRequest.parse(bytes)
  const digests = [...request.digests(SHA256, 3)].flatMap((list) => list.map(String))
  return { instanceName: request.instanceName, digestFunction: request.digestFunction, digests }
}

function theirs(bytes: Uint8Array): Content {
  const request = reapi.decode(reapi.FindMissingBlobsRequest, bytes, 'it')
  const digests = request.getBlobDigestsList().map((message) => String(reapi.fromDigestMessage(SHA256, message, 'it')))
  return { instanceName: request.getInstanceName(), digestFunction: request.getDigestFunction(), digests }
}

const digestMessages = fc
  .tuple(hashes(SHA256), sizes)
  .map(([hash, size]) => new reapi.Digest().setHash(hash).setSizeBytes(size))
const requests = fc
  .tuple(fc.string(), fc.integer({ min: -2, max: 9 }), fc.array(digestMessages, { maxLength: 8 }), unknownFields)
  .map(([instance, fn, digests, unknown]) => {
    const known = new reapi.FindMissingBlobsRequest()
      .setInstanceName(instance)
      .setDigestFunction(fn as reapi.DigestFunctionValue)
      .setBlobDigestsList(digests)
      .serializeBinary()
    return Buffer.concat([unknown, known, unknown])
  })

readsAsProtobuf('FindMissingBlobs', requests, { ours, theirs })

test('its digests come so many at a time', () => {
  const digests = Array.from({ length: 7 }, (_, n) => new reapi.Digest().setHash('a'.repeat(64)).setSizeBytes(n))
  const bytes = new reapi.FindMissingBlobsRequest().setBlobDigestsList(digests).serializeBinary()
  const lists = [...FindMissingRequest.parse(bytes).digests(SHA256, 3)]
  assert.equal(
    lists.map((list) => list.map(({ sizeBytes }) => sizeBytes)),
    [[0, 1, 2], [3, 4, 5], [6]],
  )
})

test('DIG-04: the first digest is known before the digests are read, be it one or not', () => {
  const firstHash = (...hashes: string[]) =>
    FindMissingRequest.parse(
      new reapi.FindMissingBlobsRequest()
        .setBlobDigestsList(hashes.map((hash) => new reapi.Digest().setHash(hash)))
        .serializeBinary(),
    ).first?.hash
  assert.is(firstHash(), undefined)
  assert.is(firstHash('', 'abc'), '')
  assert.is(firstHash('abc', 'd'), 'abc')
})

test('fields are counted, those inside digests as well', () => {
  const sizes = field(2, Buffer.alloc(2 * 300_000, Buffer.from([0x10, 1])))
  assert.throws(() => [...FindMissingRequest.parse(sizes).digests(SHA256, 9)], /more than the 300000 fields/)
  const empty = Buffer.alloc(2 * 300_001, Buffer.from([0x12, 0]))
  assert.throws(() => FindMissingRequest.parse(empty), /more than the 300000 fields/)
})

test('a response is what google-protobuf writes', () => {
  const digests = fc
    .tuple(fc.constantFrom(SHA256, SHA512), fc.oneof(fc.maxSafeNat(), fc.nat(300)))
    .chain(([fn, size]) =>
      fc.integer({ min: 0, max: 15 }).map((n) => Digest.of(fn, n.toString(16).repeat(fn.hashLength), size)),
    )
  void fc.assert(
    fc.property(fc.array(digests), fc.array(digests), (one, other) => {
      const message = new reapi.FindMissingBlobsResponse().setMissingBlobDigestsList(
        [...one, ...other].map(reapi.toDigestMessage),
      )
      const encoded = Buffer.concat([encodeMissing(one), encodeMissing(other)])
      assert.ok(encoded.equals(message.serializeBinary()))
    }),
  )
})

test.run()
