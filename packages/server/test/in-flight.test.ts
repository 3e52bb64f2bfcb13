// What a client has in memory here, between it and the store, and how its calls wait for each other.
import { constants } from 'node:http2'
import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  batchRead,
  batchReadRequest,
  batchUpdate,
  digestMessage,
  failure,
  paths,
  type RawClient,
  read,
  updateRequest,
  upload,
  uploadName,
  writeRequests,
} from '@gorego/conformance/client'
import { blobOf, blobOfSize } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Direction } from '../src/clients/in-flight.js'
import { InFlightRig } from './in-flight-rig.js'

const MIB = 1024 * 1024

const blobs = (count: number, bytes: number, seed: string) =>
  Array.from({ length: count }, (_, n) => blobOfSize(bytes, `${seed} ${n}`))

/** Round trips of somebody else give the server every chance to take and to read more. */
async function settle(rig: InFlightRig, somebody: RawClient): Promise<void> {
  for (let n = 0; n < 50; n++) {
    await somebody.unary(paths.queryWriteStatus, Buffer.alloc(0)).catch(() => {})
    rig.note()
  }
}

/** Some of what was begun has come so far that more is held than that, and the server has had every chance to take even more. */
async function held(rig: InFlightRig, direction: Direction, moreThan: number, somebody: RawClient): Promise<void> {
  while (rig.inFlight.heldBytes(direction) <= moreThan) await nextTurn()
  await settle(rig, somebody)
  assert.ok(rig.inFlight.heldBytes(direction) > moreThan, `only ${rig.inFlight.heldBytes(direction)} bytes are held`)
}

/** What has begun is over on the server as well a moment after the client knows. */
async function nothingLeft({ inFlight }: InFlightRig): Promise<void> {
  while (inFlight.heldBytes('up') + inFlight.heldBytes('down') > 0) await nextTurn()
}

async function lengthOf(stream: AsyncIterable<unknown>): Promise<number> {
  let bytes = 0
  for await (const part of stream) bytes += (part as Buffer).length
  return bytes
}

test('many slow uploads of a client hold no more than its budget, and those of others come through', async () => {
  await using rig = await InFlightRig.start({ maxBytes: 2 * MIB })
  using client = rig.connect()
  using other = rig.connect()
  rig.store.shut(4 * MIB)
  const sent = blobs(12, 4 * MIB, 'slow upload')
  const uploads = sent.map((blob) => upload(client, blob))
  await held(rig, 'up', MIB, other)
  const another = blobOfSize(MIB, 'of somebody else')
  await upload(other, another)
  rig.store.open()
  await Promise.all(uploads)
  // The other client's blob on top.
  assert.ok(rig.most.up <= 3 * MIB, `${rig.most.up} bytes were held`)
  for (const blob of [...sent, another]) assert.ok((await read(other, blob.digest)).equals(blob.bytes))
  await nothingLeft(rig)
})

test('many downloads that a client does not take hold no more than its budget, and others read', async () => {
  await using rig = await InFlightRig.start({ maxBytes: 2 * MIB })
  using reader = rig.connectSlowReader()
  using other = rig.connect()
  const [wanted, small] = [blobOfSize(32 * MIB, 'slow download'), blobOfSize(MIB, 'of somebody else')]
  for (const { digest, bytes } of [wanted, small]) await rig.store.write(digest, bytes)
  const streams = Array.from({ length: 12 }, () => reader.read(wanted))
  await held(rig, 'down', MIB, other)
  assert.ok((await read(other, small.digest)).equals(small.bytes))
  for (const bytes of await Promise.all(streams.map(lengthOf))) assert.ok(bytes > 32 * MIB)
  assert.ok(rig.most.down <= 3 * MIB, `${rig.most.down} bytes were held`)
  await nothingLeft(rig)
})

test('batches wait for their turn, and one that is larger than the budget goes alone', async () => {
  await using rig = await InFlightRig.start({ maxBytes: 2 * MIB })
  using client = rig.connect()
  rig.store.shut(3 * MIB)
  const sent = blobs(6, 3 * MIB, 'batch')
  const updates = sent.map((blob) => batchUpdate(client, updateRequest(client, [blob])))
  while (rig.inFlight.heldBytes('up') === 0) await nextTurn()
  using other = rig.connect()
  await settle(rig, other)
  rig.store.open()
  assert.equal(
    await Promise.all(updates),
    sent.map(() => [0]),
  )
  const reads = sent.map(({ digest }) =>
    batchRead(client, batchReadRequest(client, [digestMessage(digest)])).then(([entry]) => entry?.data.length),
  )
  assert.equal(
    await Promise.all(reads),
    sent.map(() => 3 * MIB),
  )
  assert.ok(rig.most.up < 4 * MIB && rig.most.down < 4 * MIB, JSON.stringify(rig.most))
  await nothingLeft(rig)
})

test('a client whose uploads fill its budget can still ask, and what it sends has its turn', async () => {
  await using rig = await InFlightRig.start({ maxBytes: MIB })
  using client = rig.connect()
  using other = rig.connect()
  const there = blobOfSize(1000, 'there')
  await rig.store.write(there.digest, there.bytes)
  rig.store.shut(2 * MIB)
  const filling = blobs(4, 2 * MIB, 'filling').map((blob) => upload(client, blob))
  await settle(rig, other)
  const small = blobs(4, 1000, 'small')
  const waiting = [...small.map((blob) => upload(client, blob)), batchUpdate(client, updateRequest(client, small))]
  await settle(rig, other)
  assert.ok((await read(client, there.digest)).equals(there.bytes))
  const [entry] = await batchRead(client, batchReadRequest(client, [digestMessage(there.digest)]))
  assert.is(entry?.data.length, 1000)
  rig.store.open()
  await Promise.all([...filling, ...waiting])
  for (const { digest, bytes } of small) assert.ok((await read(client, digest)).equals(bytes))
  await nothingLeft(rig)
})

test('calls that are cancelled while they hold or wait give everything back', async () => {
  await using rig = await InFlightRig.start({ maxBytes: MIB })
  using client = rig.connect()
  using other = rig.connect()
  using reader = rig.connectSlowReader()
  const wanted = blobOfSize(16 * MIB, 'cancelled')
  await rig.store.write(wanted.digest, wanted.bytes)
  rig.store.shut(2 * MIB)
  const abort = Array.from({ length: 8 }, (_, n) => {
    const blob = blobOfSize(2 * MIB, `cancelled ${n}`)
    const sending = client.clientStream(paths.write)
    for (const request of writeRequests(blob, { name: uploadName(client, blob.digest) })) void sending.send(request)
    return () => sending.cancel()
  })
  await held(rig, 'up', 0, other)
  for (const cancel of abort) cancel()
  rig.store.open()
  const streams = Array.from({ length: 8 }, () => reader.read(wanted))
  await held(rig, 'down', 0, other)
  for (const stream of streams) stream.close(constants.NGHTTP2_CANCEL)
  await nothingLeft(rig)
  // All of the budget is there again.
  const blob = blobOfSize(MIB, 'afterwards')
  await upload(client, blob)
  assert.ok((await read(client, blob.digest)).equals(blob.bytes))
})

test('a call that is cancelled, or too late, waits no longer for others', async () => {
  let waited = 0
  await using rig = await InFlightRig.start({ maxBytes: 800 * 1024, onWaited: () => waited++ })
  using reader = rig.connectSlowReader()
  const [held, wanted] = [blobOfSize(16 * MIB, 'held'), blobOfSize(400_000, 'wanted')]
  for (const { digest, bytes } of [held, wanted]) await rig.store.write(digest, bytes)
  // Takes nothing: nobody gives anything back to those that come after it.
  const holding = reader.read(held)
  while (rig.inFlight.heldBytes('down') < 512 * 1024) await nextTurn()
  const before = waited
  const cancelled = Array.from({ length: 4 }, () => reader.read(wanted))
  const late = Array.from({ length: 4 }, () => reader.read(wanted, { 'grpc-timeout': '50m' }))
  await Promise.all(late.map((stream) => lengthOf(stream)))
  for (const stream of cancelled) stream.close(constants.NGHTTP2_CANCEL)
  // The server knows when it has answered what comes behind that on the same connection.
  await lengthOf(reader.read(wanted, { 'grpc-timeout': '1m' }))
  holding.close(constants.NGHTTP2_CANCEL)
  await nothingLeft(rig)
  assert.is(waited, before)
})

test('calls that fail give everything back', async () => {
  await using rig = await InFlightRig.start({ maxBytes: MIB })
  using client = rig.connect()
  const { bytes } = blobOfSize(2 * MIB, 'what is sent')
  const wrong = { digest: blobOfSize(2 * MIB, 'something else').digest, bytes }
  for (let n = 0; n < 4; n++) {
    assert.is((await failure(upload(client, wrong))).code, 'INVALID_ARGUMENT')
    assert.is.not((await batchUpdate(client, updateRequest(client, [wrong])))[0], 0)
    assert.is((await failure(read(client, blobOf('absent').digest))).code, 'NOT_FOUND')
    // Each more than the budget, so that one that was left would hold up the next.
    assert.is((await failure(client.unary(paths.batchUpdateBlobs, Buffer.alloc(2 * MIB, 1)))).code, 'INVALID_ARGUMENT')
  }
  await nothingLeft(rig)
})

test('a call whose client takes nothing is ended when others of that client wait for its bytes', async () => {
  const waited: string[] = []
  await using rig = await InFlightRig.start({
    maxBytes: 800 * 1024,
    onWaited: (direction) => waited.push(direction),
    lookMs: 50,
  })
  using reader = rig.connectSlowReader()
  const [never, wanted] = [blobOfSize(16 * MIB, 'never taken'), blobOfSize(4 * MIB, 'wanted')]
  for (const { digest, bytes } of [never, wanted]) await rig.store.write(digest, bytes)
  const stalled = reader.read(never)
  const ended = new Promise((resolve) => stalled.once('close', resolve))
  while (rig.inFlight.heldBytes('down') < 512 * 1024) await nextTurn()
  assert.ok((await lengthOf(reader.read(wanted))) > 4 * MIB)
  await ended
  assert.is(stalled.rstCode, constants.NGHTTP2_ENHANCE_YOUR_CALM)
  assert.ok(waited.includes('down'))
  await nothingLeft(rig)
})

test('a client that takes nothing of what it asked for can still send', async () => {
  await using rig = await InFlightRig.start({ maxBytes: MIB })
  // To the gate, both are the same client.
  rig.inFlight.begin = (
    (begin) => (_client, options) =>
      begin.call(rig.inFlight, 'the same', options)
  )(rig.inFlight.begin)
  using reader = rig.connectSlowReader()
  using client = rig.connect()
  const wanted = blobOfSize(8 * MIB, 'not taken')
  await rig.store.write(wanted.digest, wanted.bytes)
  for (let n = 0; n < 8; n++) reader.read(wanted)
  while (rig.inFlight.heldBytes('down') < 512 * 1024) await nextTurn()
  await upload(client, blobOfSize(4 * MIB, 'the other way'))
  assert.ok(rig.inFlight.heldBytes('down') > 0)
})

test.run()
