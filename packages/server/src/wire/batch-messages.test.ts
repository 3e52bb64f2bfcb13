// The messages of BatchUpdateBlobs and BatchReadBlobs against google-protobuf.
import { reapi, SHA256 } from '@gorego/core'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { field, hashes, sizes, unknownFields } from '../../test/garbled-messages.js'
import { readsAsProtobuf } from '../../test/reads-as-protobuf.js'
import { addRead, addUpdated, parseBatchRead, parseBatchUpdate } from './batch-messages.js'
import type { SentDigest } from './sent-digest.js'

const BatchUpdate = reapi.BatchUpdateBlobsRequest
const BatchRead = reapi.BatchReadBlobsRequest

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const sent = (digest: SentDigest | undefined) => digest && [digest.hash, digest.sizeBytes]
// Beyond 2^53 it gives strings.
const told = (message: reapi.Digest | undefined) => message && [message.getHash(), Number(message.getSizeBytes())]

function ourUpdate(bytes: Uint8Array): unknown {
  const { instanceName, digestFunction, entries } = parseBatchUpdate(bytes)
  const list = entries.map(({ digest, data, compressor }) => [sent(digest), hex(data), compressor])
  return [instanceName, digestFunction, list]
}

function theirUpdate(bytes: Uint8Array): unknown {
  const request = reapi.decode(BatchUpdate, bytes, 'it')
  const list = request
    .getRequestsList()
    .map((entry) => [told(entry.getDigest()), hex(entry.getData_asU8()), entry.getCompressor()])
  return [request.getInstanceName(), request.getDigestFunction(), list]
}

function ourRead(bytes: Uint8Array): unknown {
  const { instanceName, digestFunction, digests, acceptableCompressors } = parseBatchRead(bytes)
  return [instanceName, digestFunction, digests.map(sent), [...acceptableCompressors]]
}

function theirRead(bytes: Uint8Array): unknown {
  const request = reapi.decode(BatchRead, bytes, 'it')
  const compressors = [...new Set<number>(request.getAcceptableCompressorsList())]
  return [request.getInstanceName(), request.getDigestFunction(), request.getDigestsList().map(told), compressors]
}

const digests = fc
  .tuple(hashes(SHA256), sizes, unknownFields)
  .map(([hash, size, unknown]) =>
    Buffer.concat([unknown, new reapi.Digest().setHash(hash).setSizeBytes(size).serializeBinary()]),
  )
const enums = fc.oneof(fc.integer({ min: -1, max: 5 }), fc.integer())
const head = <T extends reapi.BatchUpdateBlobsRequest | reapi.BatchReadBlobsRequest>(message: T) =>
  fc.tuple(fc.string(), enums).map(([instance, fn]) => {
    message.setInstanceName(instance).setDigestFunction(fn as reapi.DigestFunctionValue)
    return Buffer.from(message.serializeBinary())
  })

const entries = fc
  .tuple(fc.option(digests), fc.uint8Array({ maxLength: 300 }), enums, unknownFields)
  .map(([digest, data, compressor, unknown]) => {
    const rest = new BatchUpdate.Request().setData(data).setCompressor(compressor as reapi.CompressorValue)
    return Buffer.concat([unknown, digest === null ? Buffer.alloc(0) : field(1, digest), rest.serializeBinary()])
  })
const updates = fc
  .tuple(head(new BatchUpdate()), fc.array(entries, { maxLength: 5 }), unknownFields)
  .map(([first, list, unknown]) => Buffer.concat([first, ...list.map((entry) => field(2, entry)), unknown]))

const compressors = fc.array(enums, { maxLength: 4 })
const reads = fc
  .tuple(head(new BatchRead()), fc.array(digests, { maxLength: 5 }), compressors, compressors, unknownFields)
  .map(([first, list, packed, single, unknown]) =>
    Buffer.concat([
      first,
      new BatchRead().setAcceptableCompressorsList(packed as reapi.CompressorValue[]).serializeBinary(),
      // Clients of proto2, and some others, send each by itself: field 3 as a varint.
      ...single.map((value) => Buffer.concat([Buffer.of(0x18), varint(value)])),
      ...list.map((digest) => field(2, digest)),
      unknown,
    ]),
  )

readsAsProtobuf('BatchUpdateBlobs', updates, { ours: ourUpdate, theirs: theirUpdate })
readsAsProtobuf('BatchReadBlobs', reads, { ours: ourRead, theirs: theirRead })

test('what is read is a view of the request', () => {
  const bytes = Buffer.concat([field(2, Buffer.concat([field(1, field(1, Buffer.from('h'))), field(2, Buffer.of(7))]))])
  const [entry] = parseBatchUpdate(bytes).entries
  assert.is(entry?.data.buffer, bytes.buffer)
  assert.is(entry?.digest?.bytes.buffer, bytes.buffer)
})

test('fields are counted, those inside entries as well', () => {
  const many = Buffer.alloc(2 * 300_000, Buffer.from('2000', 'hex'))
  for (const bytes of [
    field(2, many),
    field(2, field(1, many)),
    Buffer.alloc(2 * 300_001, Buffer.from('1200', 'hex')),
  ]) {
    assert.throws(() => parseBatchUpdate(bytes), /more than the 300000 fields/)
  }
  assert.throws(() => parseBatchRead(field(2, many)), /more than the 300000 fields/)
  assert.throws(() => parseBatchRead(field(3, Buffer.alloc(300_000, 1))), /more than the 300000 fields/)
})

test('responses are what google-protobuf writes', () => {
  const statuses = fc
    .tuple(fc.integer({ min: 0, max: 16 }), fc.string())
    .map(([code, message]) => new reapi.RpcStatus().setCode(code).setMessage(message))
  const blobs = fc.record({ data: fc.uint8Array({ maxLength: 300 }), compressor: fc.integer({ min: 0, max: 3 }) })
  const plain = fc
    .tuple(hashes(SHA256), sizes)
    .map(([hash, size]) => new reapi.Digest().setHash(hash).setSizeBytes(size))
  void fc.assert(
    fc.property(fc.array(fc.tuple(fc.option(plain), statuses, blobs), { maxLength: 5 }), (list) => {
      const updated = new reapi.MessageWriter()
      const read = new reapi.MessageWriter()
      const theirUpdated = new reapi.BatchUpdateBlobsResponse()
      const theirReads = new reapi.BatchReadBlobsResponse()
      for (const [digest, status, blob] of list) {
        const message = digest ?? new reapi.Digest()
        const asSent = parseBatchRead(field(2, message.serializeBinary())).digests[0] as SentDigest
        const encoded = status.serializeBinary()
        addUpdated(updated, digest === null ? undefined : asSent, encoded)
        const entry = new reapi.BatchUpdateBlobsResponse.Response().setStatus(status)
        theirUpdated.addResponses(digest === null ? entry : entry.setDigest(digest))
        addRead(read, asSent, encoded, blob)
        theirReads.addResponses(
          new reapi.BatchReadBlobsResponse.Response()
            .setDigest(message)
            .setStatus(status)
            .setData(blob.data)
            .setCompressor(blob.compressor as reapi.CompressorValue),
        )
      }
      assert.is(hex(updated.finish()), hex(theirUpdated.serializeBinary()))
      assert.is(hex(read.finish()), hex(theirReads.serializeBinary()))
    }),
  )
})

/** Of an int32: a negative one has ten bytes. */
function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

test.run()
