import { getEventListeners } from 'node:events'
import { BLAKE3, GoregoError, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, casContract, collect, inChunks } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Channel } from '../src/upstream/channel.js'
import { RemoteStore } from '../src/upstream/remote-store.js'
import { ServerRig } from './server-rig.js'

const cacheOnly = { execution: { enabled: false } }

// One that resource names spell out, and one that they do not.
for (const fn of [SHA256, BLAKE3]) {
  casContract(test, {
    name: `RemoteStore, ${fn.name}`,
    fn,
    async open() {
      const rig = await ServerRig.start({ ...cacheOnly, localCache: { maxSizeGb: 0.05 } })
      const channel = await Channel.connect(rig.server.address)
      return {
        cas: new RemoteStore(channel, 'some/instance'),
        async close() {
          channel[Symbol.dispose]()
          // The server hears of an upload that was called off a moment after the client has forgotten it.
          await rig.stop()
        },
      }
    },
  })
}

test('a blob that the server has meanwhile ends an upload, and its source', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  using channel = await Channel.connect(`grpc://${rig.server.address}`)
  const store = new RemoteStore(channel, '')
  const blob = blobOfSize(2_000_000, 'there')
  await store.write(blob.digest, blob.bytes)
  let ended = false
  async function* source() {
    try {
      yield* inChunks(blob.bytes, 1000)
    } finally {
      ended = true
    }
  }
  await store.write(blob.digest, source())
  assert.ok(ended)
})

test('chunks of any size go out in messages that every server takes', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  using channel = await Channel.connect(rig.server.address)
  const store = new RemoteStore(channel, '')
  const blob = blobOf(Buffer.alloc(70 * 1024 * 1024, 'x'))
  await store.write(blob.digest, inChunks(blob.bytes, blob.bytes.length))
  assert.ok((await collect(store.read(blob.digest))).equals(blob.bytes))
})

test('GEN-07: a signal that outlives the calls is not held on to', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  using channel = await Channel.connect(rig.server.address)
  const store = new RemoteStore(channel, '')
  const { signal } = new AbortController()
  const blob = blobOf('signalled')
  await store.write(blob.digest, blob.bytes, signal)
  await store.findMissing([blob.digest], signal)
  await store.get(blob.digest, signal)
  for await (const _ of store.read(blob.digest, {}, signal)) break
  await store.get(blobOf('absent').digest, signal).catch(() => {})
  assert.equal(getEventListeners(signal, 'abort'), [])
})

test('a server that is gone is unavailable', async () => {
  const rig = await ServerRig.start(cacheOnly)
  using channel = await Channel.connect(rig.server.address)
  const store = new RemoteStore(channel, '')
  await rig.stop()
  const { digest, bytes } = blobOf('nowhere')
  for (const attempt of [store.findMissing([digest]), store.get(digest), store.write(digest, bytes)]) {
    const error = await attempt.then(
      () => undefined,
      (reason) => reason,
    )
    assert.is(error instanceof GoregoError && error.code, 'unavailable')
  }
})

test('addresses that are none are refused, and nobody there is unavailable', async () => {
  for (const [target, code] of [
    ['http://localhost:1', 'invalid-argument'],
    ['localhost', 'invalid-argument'],
    ['grpc://', 'invalid-argument'],
  ] as const) {
    const error = await Channel.connect(target).catch((reason) => reason)
    assert.is(error.code, code, target)
  }
})

test.run()
