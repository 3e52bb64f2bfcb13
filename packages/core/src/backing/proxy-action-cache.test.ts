import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryActionCache } from '../action-cache/index.js'
import { MemoryStore } from '../cas/index.js'
import { silentLogger } from '../observe/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { ActionResult, OutputFile } from '../proto/messages.js'
import { blobOf, type TestBlob } from '../testing/blobs.js'
import { FakeClock } from '../testing/fake-clock.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { CircuitBreaker } from './circuit-breaker.js'
import { Guard } from './guard.js'
import { proxyActionCache } from './proxy-action-cache.js'
import { ProxyStore } from './proxy-store.js'
import { UpstreamCache } from './upstream-cache.js'

const key = { instance: '', action: blobOf('action').digest }

async function tiers(required = true) {
  const directory = temporaryDirectory()
  const parts = {
    local: new MemoryStore(),
    localResults: new MemoryActionCache(),
    remote: new MemoryStore(),
    remoteResults: new MemoryActionCache(),
  }
  const clock = new FakeClock()
  const backing = await UpstreamCache.open({
    ...parts,
    guard: new Guard({ breaker: new CircuitBreaker({ name: 'it' }), retries: 0, silenceMs: 60_000 }),
    required,
    journalPath: `${directory.path}/pending`,
    maxPendingBytes: 1e9,
    logger: silentLogger,
    clock,
  })
  const close = async () => {
    await backing.close(0)
    directory[Symbol.dispose]()
  }
  return {
    ...parts,
    clock,
    cache: proxyActionCache(parts.localResults, backing, new ProxyStore(parts.local, backing)),
    close,
  }
}

function resultOf(...outputs: TestBlob[]): Uint8Array {
  const files = outputs.map(({ digest }, n) => new OutputFile().setPath(`${n}`).setDigest(toDigestMessage(digest)))
  return new ActionResult().setOutputFilesList(files).serializeBinary()
}

const [a, b] = [blobOf('a'), blobOf('b')]

test('AC-02: a result of either side counts when each of its blobs is on one of the two', async () => {
  for (const side of ['localResults', 'remoteResults'] as const) {
    const { local, remote, cache, clock, close, ...results } = await tiers()
    await results[side].put(key, resultOf(a, b))
    await local.write(a.digest, a.bytes)
    assert.is(await cache.get(key), undefined)
    await remote.write(b.digest, b.bytes)
    assert.equal(await cache.get(key), resultOf(a, b))
    assert.equal(await results.localResults.get(key), resultOf(a, b), 'kept here')
    await close()
  }
})

test('a local result that has lost a blob does not hide a complete one behind', async () => {
  const { remote, localResults, remoteResults, cache, close } = await tiers()
  await localResults.put(key, resultOf(a))
  await remoteResults.put(key, resultOf(b))
  await remote.write(b.digest, b.bytes)
  assert.equal(await cache.get(key), resultOf(b))
  await close()
})

test('EX-24: a result goes behind after its blobs, and not without them', async () => {
  const { local, remote, remoteResults, cache, close } = await tiers()
  await local.write(a.digest, a.bytes)
  remoteResults.put = async (at, result) => {
    assert.equal(await remote.findMissing([a.digest]), [])
    await MemoryActionCache.prototype.put.call(remoteResults, at, result)
  }
  await cache.put(key, resultOf(a))
  assert.equal(await remoteResults.get(key), resultOf(a))
  const other = { ...key, action: b.digest }
  await cache.put(other, resultOf(a, b))
  assert.is(await remoteResults.get(other), undefined)
  await close()
})

test.run()
