import { randomInt } from 'node:crypto'
import {
  type CallOptions,
  committed,
  failure,
  isMissing,
  paths,
  queryWriteStatus,
  read,
  readChunks,
  readRequest,
  sayingFor,
  upload,
  write,
  writeRequest,
} from '@gorego/conformance/client'
import { emptyDigest, type reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob } from '@gorego/core/testing'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'
import { compressed, decompressed, packedRequests, zstdUploadName } from './zstd-blobs.js'

const MIB = 1024 * 1024

/** Noise, and the same again and again, and so on. */
function mixed(sizeBytes: number, seed: string): TestBlob {
  const noise = blobOfSize(20_000, seed).bytes
  return blobOf(Buffer.alloc(sizeBytes, Buffer.concat([noise, Buffer.alloc(30_000, seed), noise])))
}

const large = mixed(3 * MIB + 17, 'large')

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
  await upload(rig.client, large)
})
test.after(() => rig.stop())

function zstdRead(digest: TestBlob['digest'], range: { offset?: number; limit?: number } = {}): reapi.ReadRequest {
  return readRequest(rig.client, digest, range).setResourceName(`compressed-blobs/zstd/${digest}`)
}

async function readFailure(request: reapi.ReadRequest): Promise<string> {
  return (await failure(rig.client.serverStream(paths.read, request))).code
}

async function uploadPacked(blob: TestBlob, packed: Uint8Array, options: CallOptions & { chunkSize?: number } = {}) {
  return await write(rig.client, packedRequests(zstdUploadName(rig.client, blob.digest), packed, options), options)
}

async function refusal(blob: TestBlob, packed: Uint8Array): Promise<string> {
  const { code } = await failure(uploadPacked(blob, packed))
  assert.ok(await isMissing(rig.client, blob), 'BW-05: not visible')
  assert.equal(rig.temporaryFiles(), [], 'GEN-07')
  return code
}

test('BR-06, BR-08: what was sent as it is can be read compressed, from any offset', async () => {
  const whole = await readChunks(rig.client, zstdRead(large.digest))
  assert.ok(Buffer.concat(whole).length < large.bytes.length)
  for (const message of whole) assert.ok(message.length < MIB, 'BR-09')
  assert.ok((await decompressed(Buffer.concat(whole))).equals(large.bytes))
  await fc.assert(
    fc.asyncProperty(fc.nat(large.bytes.length), async (offset) => {
      const part = Buffer.concat(await readChunks(rig.client, zstdRead(large.digest, { offset })))
      assert.ok((await decompressed(part)).equals(large.bytes.subarray(offset)))
    }),
    { numRuns: 10 },
  )
})

test('BR-02, BR-03: the end of a blob and the empty blob are frames of nothing', async () => {
  for (const request of [zstdRead(emptyDigest(SHA256)), zstdRead(large.digest, { offset: large.bytes.length })]) {
    const packed = Buffer.concat(await readChunks(rig.client, request))
    assert.ok(packed.length > 0)
    assert.is((await decompressed(packed)).length, 0)
  }
})

test('BR-01, BR-03, BR-07: what cannot be read', async () => {
  assert.is(await readFailure(zstdRead(blobOf('absent').digest)), 'NOT_FOUND')
  for (const offset of [-1, large.bytes.length + 1]) {
    assert.is(await readFailure(zstdRead(large.digest, { offset })), 'OUT_OF_RANGE')
  }
  for (const limit of [1, large.bytes.length, -1]) {
    assert.is(await readFailure(zstdRead(large.digest, { limit })), 'INVALID_ARGUMENT')
  }
})

test('BW-10: what was sent compressed is there as it is, and the answer is how much was sent', async () => {
  for (const [size, pieceSize, chunkSize] of [
    [1, 1, 1],
    [100, 100, 1],
    [200_000, 1000, 333],
    [3 * MIB, 3 * MIB, 100_000],
    [3 * MIB, 65_536, 4 * MIB],
  ] as const) {
    const blob = mixed(size, `bw ${pieceSize} ${chunkSize}`)
    const packed = await compressed(blob.bytes, pieceSize)
    assert.is(await uploadPacked(blob, packed, { chunkSize }), packed.length)
    assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  }
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-10: tools that are known to want it get the uncompressed size', async () => {
  for (const [tool, wanted] of [
    ['bazel', 'sent'],
    ['siso', 'size'],
    ['Siso', 'size'],
    ['re-client', 'size'],
  ]) {
    const blob = mixed(50_000, `tool ${tool}`)
    const packed = await compressed(blob.bytes)
    const metadata = sayingFor({ tool: [tool as string, '1.2.3'] })
    assert.is(await uploadPacked(blob, packed, { metadata }), wanted === 'size' ? 50_000 : packed.length, tool)
  }
})

test('BW-08: for a blob that is there already the answer is -1, at the first message', async () => {
  const sent = rig.client.clientStream(paths.write)
  await sent.send(writeRequest({ name: zstdUploadName(rig.client, large.digest), data: Buffer.from('whatever') }))
  assert.is(await committed(sent), -1)
  assert.is(await uploadPacked(large, await compressed(large.bytes)), -1)
  assert.is(await uploadPacked({ digest: emptyDigest(SHA256), bytes: Buffer.alloc(0) }, Buffer.alloc(0)), -1, 'BW-14')
})

test('BW-11: many writers of one blob, compressed and not, all succeed', async () => {
  const blob = mixed(2 * MIB, 'popular')
  const packed = await compressed(blob.bytes, 50_000)
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, n) =>
      n % 2 === 0 ? uploadPacked(blob, packed, { chunkSize: 20_000 * (n + 1) }) : upload(rig.client, blob),
    ),
  )
  for (const answer of answers) assert.ok([packed.length, -1, 2 * MIB].includes(answer), String(answer))
  assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-03: offsets count what is sent, compressed', async () => {
  const blob = mixed(200_000, 'offsets')
  const packed = await compressed(blob.bytes, 10_000)
  const name = zstdUploadName(rig.client, blob.digest)
  for (const offset of [0, 999, 1001, 10_000]) {
    const requests = [
      writeRequest({ name, data: packed.subarray(0, 1000) }),
      writeRequest({ offset, data: packed.subarray(1000), finish: true }),
    ]
    assert.is((await failure(write(rig.client, requests))).code, 'INVALID_ARGUMENT', String(offset))
  }
  assert.is(await write(rig.client, packedRequests(name, packed, { chunkSize: 1000 })), packed.length)
})

test('BW-03, QS-04: an upload that broke off goes on with new frames where the decompressed content stands', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 400_000 }),
      fc.integer({ min: 500, max: 100_000 }),
      fc.array(fc.double({ min: 0.05, max: 0.95, noNaN: true }), { minLength: 1, maxLength: 3 }),
      async (size, pieceSize, breaks) => {
        const blob = mixed(size, `resumed ${randomInt(2 ** 40)}`)
        const name = zstdUploadName(rig.client, blob.digest)
        let from = 0
        for (const share of breaks) {
          const packed = await compressed(blob.bytes.subarray(from), pieceSize)
          const part = packed.subarray(0, Math.ceil(packed.length * share))
          const { code } = await failure(
            write(rig.client, packedRequests(name, part, { offset: from, finish: false, chunkSize: 7000 })),
          )
          assert.is(code, 'INVALID_ARGUMENT', 'BW-04')
          const { committedSize, complete } = await queryWriteStatus(rig.client, name)
          assert.ok(!complete && committedSize >= from, 'QS-03')
          from = committedSize
        }
        const rest = from === size ? Buffer.alloc(0) : await compressed(blob.bytes.subarray(from), pieceSize)
        assert.is(await write(rig.client, packedRequests(name, rest, { offset: from })), from + rest.length)
        assert.ok((await read(rig.client, blob.digest)).equals(blob.bytes))
        assert.equal(await queryWriteStatus(rig.client, name), { committedSize: size, complete: true })
      },
    ),
    { numRuns: 15 },
  )
  assert.equal(rig.temporaryFiles(), [])
})

test('BW-05: other content than the name says is refused', async () => {
  const blob = mixed(100_000, 'right')
  const wrong = await compressed(mixed(100_000, 'wrong').bytes)
  const short = await compressed(blob.bytes.subarray(1))
  const long = await compressed(Buffer.concat([blob.bytes, Buffer.from('!')]))
  for (const packed of [wrong, short, long, Buffer.alloc(0)]) assert.is(await refusal(blob, packed), 'INVALID_ARGUMENT')
})

test('BW-06: a bomb is stopped at the size of the blob', async () => {
  // A frame of blocks that are one byte 131,072 times: 4 bytes each, 13 GB in all.
  const block = Buffer.from([...[2, 0, 16], 0x78])
  const bomb = Buffer.concat([Buffer.from('28b52ffd0078', 'hex'), Buffer.alloc(400_000, block)])
  assert.is(await refusal(mixed(200_000, 'bombed'), bomb), 'INVALID_ARGUMENT')
})

test('BW-07: truncated, garbled and trailing data are refused', async () => {
  const blob = mixed(100_000, 'garbled')
  const packed = await compressed(blob.bytes)
  for (const bad of [
    packed.subarray(0, -1),
    packed.subarray(0, 10),
    packed.subarray(1),
    blob.bytes,
    Buffer.concat([packed, Buffer.from('trailing')]),
    Buffer.concat([packed, packed.subarray(0, 5)]),
  ]) {
    assert.is(await refusal(blob, bad), 'INVALID_ARGUMENT')
  }
})

test('BW-15: a compressed upload under way is invisible', async () => {
  const blob = mixed(MIB, 'under way')
  const packed = await compressed(blob.bytes, 10_000)
  const name = zstdUploadName(rig.client, blob.digest)
  const sent = rig.client.clientStream(paths.write)
  await sent.send(writeRequest({ name, data: packed.subarray(0, -1) }))
  while ((await queryWriteStatus(rig.client, name)).committedSize === 0);
  assert.ok(await isMissing(rig.client, blob))
  await sent.send(writeRequest({ offset: packed.length - 1, data: packed.subarray(-1), finish: true }))
  assert.is(await committed(sent), packed.length)
  assert.not(await isMissing(rig.client, blob))
})

test.run()
