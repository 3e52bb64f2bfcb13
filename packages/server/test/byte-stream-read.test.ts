import { failure, paths, read, readChunks, readRequest, upload } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, blobOfSize } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024
const large = blobOfSize(3 * MIB + 17, 'br large')
const small = blobOf('ten bytes!')

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
  for (const blob of [large, small]) await upload(rig.client, blob)
})
test.after(() => rig.stop())

async function readFailure(request: reapi.ReadRequest): Promise<string> {
  return (await failure(rig.client.serverStream(paths.read, request))).code
}

test('BR-04, BR-05: a limit bounds what is sent, 0 does not, a negative one is refused', async () => {
  const ranges = [
    [0, 3, 'ten'],
    [4, 5, 'bytes'],
    [4, 600, 'bytes!'],
    [0, 2 ** 60, 'ten bytes!'],
    [0, 0, 'ten bytes!'],
  ] as const
  for (const [offset, limit, expected] of ranges) {
    assert.is((await read(rig.client, small.digest, { offset, limit })).toString(), expected)
  }
  for (const limit of [-1, -(2 ** 60)]) {
    assert.is(await readFailure(readRequest(rig.client, small.digest, { limit })), 'INVALID_ARGUMENT')
  }
})

test('BR-09: a large blob comes whole, in messages well below 4 MiB', async () => {
  const chunks = await readChunks(rig.client, readRequest(rig.client, large.digest))
  assert.ok(chunks.length > 1 && chunks.every((chunk) => chunk.length > 0 && chunk.length <= MIB))
  assert.ok(Buffer.concat(chunks).equals(large.bytes))
})

test('BR-10: a blob that is thrown out while it is read still comes whole', async () => {
  await using tight = await ServerRig.start({
    execution: { enabled: false },
    localCache: { maxSizeGb: 0.021, graceSeconds: 0 },
  })
  const victim = blobOfSize(12 * MIB, 'br victim')
  await upload(tight.client, victim)
  const stream = tight.client.serverStream(paths.read, readRequest(rig.client, victim.digest))
  const messages = stream[Symbol.asyncIterator]()
  const first = await messages.next()
  await upload(tight.client, blobOfSize(12 * MIB, 'br pusher'))
  assert.is(
    (await failure(tight.client.serverStream(paths.read, readRequest(rig.client, victim.digest)))).code,
    'NOT_FOUND',
  )
  const chunks = [dataOf(first.value)]
  for (let next = await messages.next(); !next.done; next = await messages.next()) chunks.push(dataOf(next.value))
  assert.ok(Buffer.concat(chunks).equals(victim.bytes))
})

test('GEN-07: readers that go away in the middle leave no open file', async () => {
  using client = rig.connect()
  for (let n = 0; n < 20; n++) {
    const stream = client.serverStream(paths.read, readRequest(rig.client, large.digest))
    for await (const _ of stream) break
    stream.cancel()
  }
  // One more round trip on the same connection: the server has seen the cancellations before.
  assert.ok((await read(client, large.digest)).equals(large.bytes))
})

test('RN-01, RN-04, RN-08: names that are none are refused', async () => {
  const { digest } = small
  for (const name of [
    '',
    `/blobs/${digest}`,
    `blobs/${digest.hash}`,
    `blobs/${digest}/more`,
    `blobs/${digest.hash}/-1`,
    `compressed-blobs/identity/${digest}`,
    `compressed-blobs/brotli/${digest}`,
    `uploads/0b3a3a0e-5a0e-4b0e-8b0e-0b3a3a0e5a0e/blobs/${digest}`,
  ]) {
    assert.is(await readFailure(new reapi.ReadRequest().setResourceName(name)), 'INVALID_ARGUMENT', name)
  }
})

test('RN-01, RN-05, RN-06: with an instance, and with the function spelled out', async () => {
  for (const prefix of ['main/blobs', 'a/b/c/blobs', 'blobs/sha256']) {
    const request = new reapi.ReadRequest().setResourceName(`${prefix}/${small.digest}`)
    assert.is(Buffer.concat(await readChunks(rig.client, request)).toString(), 'ten bytes!')
  }
})

function dataOf(message: Buffer): Buffer {
  return Buffer.from(reapi.ReadResponse.deserializeBinary(message).getData_asU8())
}

test.run()
