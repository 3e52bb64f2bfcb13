import { paths, RawClient, readRequest } from '@gorego/conformance/client'
import { LocalStore, MemoryStore, silentLogger } from '@gorego/core'
import { blobOfSize, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { byteStreamService } from '../src/services/byte-stream.js'
import { listen } from '../src/wire/grpc-server.js'
import { dialectOf } from './dialect.js'

/** Counts the chunks that were taken from it, and says when a reader has gone. */
class CountingStore extends MemoryStore {
  taken = 0
  readonly #gone: (() => void)[] = []

  override async *read(...args: Parameters<MemoryStore['read']>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of super.read(...args)) {
        this.taken++
        yield chunk
      }
    } finally {
      for (const tell of this.#gone) tell()
    }
  }

  readerGone(): Promise<void> {
    return new Promise((resolve) => this.#gone.push(resolve))
  }
}

test('BR-11, GEN-07: for a reader that does not read, the store is not read either, and it is let go when the reader goes', async () => {
  const store = new CountingStore()
  const blob = blobOfSize(64 * 1024 * 1024, 'br slow')
  await store.write(blob.digest, blob.bytes)
  using directory = temporaryDirectory()
  using local = await LocalStore.open({ dir: directory.path })
  const services = [byteStreamService({ ...dialectOf(), cas: store, uploads: local.uploads, maxBlobBytes: 1e9 })]
  const server = await listen({ listenAddr: '127.0.0.1:0', services, logger: silentLogger })
  const client = new RawClient(server.address)
  try {
    const gone = store.readerGone()
    const stream = client.serverStream(paths.read, readRequest(client, blob.digest))
    await new Promise((resolve) => stream.once('readable', resolve))
    // Round trips over the same connection give the server every chance to go on reading.
    for (let n = 0; n < 50; n++) await client.unary(paths.queryWriteStatus, Buffer.alloc(0)).catch(() => {})
    const chunks = blob.bytes.length / (256 * 1024)
    assert.ok(store.taken < chunks / 4, `${store.taken} of ${chunks} chunks were read`)
    stream.on('error', () => {})
    stream.cancel()
    await gone
  } finally {
    client[Symbol.dispose]()
    await server.stop(0)
  }
})

test.run()
