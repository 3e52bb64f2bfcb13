import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryActionCache } from '../action-cache/index.js'
import { blobNotFound, MemoryStore } from '../cas/index.js'
import { BLAKE3, type Digest } from '../digest/index.js'
import { type ErrorCode, GoregoError } from '../errors/index.js'
import { silentLogger } from '../observe/index.js'
import { blobOf, blobOfSize, collect } from '../testing/blobs.js'
import { casContract } from '../testing/cas-contract/index.js'
import { rejectsWith } from '../testing/contract.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { CircuitBreaker } from './circuit-breaker.js'
import { Guard } from './guard.js'
import { onlyIfBehind } from './only-if-behind.js'
import { ProxyStore } from './proxy-store.js'
import { UpstreamCache } from './upstream-cache.js'

const fails = (call: Promise<unknown>, code: ErrorCode) => rejectsWith(code, call)

async function tiers({ local = new MemoryStore(), remote = new MemoryStore(), required = false, retries = 0 } = {}) {
  const directory = temporaryDirectory()
  const guard = new Guard({ breaker: new CircuitBreaker({ name: 'it' }), retries, silenceMs: 60_000 })
  const backing = await UpstreamCache.open({
    local,
    localResults: new MemoryActionCache(),
    remote,
    remoteResults: new MemoryActionCache(),
    guard,
    required,
    journalPath: `${directory.path}/pending`,
    maxPendingBytes: 1e9,
    logger: silentLogger,
  })
  const close = async () => {
    await backing.close(0)
    directory[Symbol.dispose]()
  }
  return { local, remote, guard, backing, proxy: new ProxyStore(local, backing), close }
}

for (const required of [true, false]) {
  casContract(test, {
    name: `ProxyStore${required ? ', required' : ''}`,
    async open() {
      await BLAKE3.prepare()
      const { proxy, close } = await tiers({ required })
      return { cas: proxy, close }
    },
  })
}

casContract(test, {
  name: 'onlyIfBehind',
  async open() {
    await BLAKE3.prepare()
    const { local, backing, proxy, close } = await tiers({ required: true })
    return { cas: onlyIfBehind(proxy, local, backing), close }
  },
})

test('a blob that is only behind is found, and read as a whole, in part and in memory', async () => {
  const { local, remote, proxy, close } = await tiers()
  for (const [n, read] of [
    (digest: Digest) => proxy.get(digest),
    (digest: Digest) => collect(proxy.read(digest)),
    (digest: Digest) => collect(proxy.read(digest, { offset: 5, length: 7 })),
  ].entries()) {
    const { digest, bytes } = blobOfSize(200_000, `behind ${n}`)
    await remote.write(digest, bytes)
    assert.equal(await proxy.findMissing([digest]), [])
    assert.is((await local.findMissing([digest])).length, 1, 'asking fetches nothing')
    const expected = n === 2 ? bytes.subarray(5, 12) : bytes
    assert.ok(Buffer.from(await read(digest)).equals(expected))
    assert.equal(await local.findMissing([digest]), [])
  }
  await close()
})

test('other bytes than the digest says are not let in, and the blob counts as absent from then on', async () => {
  class Lying extends MemoryStore {
    override findMissing = async () => []
    override async *read() {
      yield Buffer.from('something else')
    }
  }
  const { local, proxy, close } = await tiers({ remote: new Lying() })
  const { digest, bytes } = blobOf('what was asked')
  assert.equal(await proxy.findMissing([digest]), [])
  await fails(proxy.get(digest), 'not-found')
  assert.is((await local.findMissing([digest])).length, 1)
  assert.equal(await proxy.findMissing([digest]), [digest])
  await proxy.write(digest, bytes)
  assert.equal(await proxy.findMissing([digest]), [])
  await close()
})

for (const code of ['unavailable', 'internal', 'resource-exhausted', 'invalid-argument'] as const) {
  test(`${code} behind: absent where it need not be there, told where it must`, async () => {
    class Failing extends MemoryStore {
      override findMissing = () => Promise.reject(new GoregoError(code, 'no'))
      // biome-ignore lint/correctness/useYield: it fails before.
      override async *read(): AsyncGenerator<Uint8Array> {
        throw new GoregoError(code, 'no')
      }
    }
    const { digest, bytes } = blobOf('x')
    const lenient = await tiers({ remote: new Failing() })
    assert.equal(await lenient.proxy.findMissing([digest]), [digest])
    await fails(lenient.proxy.get(digest), 'not-found')
    await lenient.proxy.write(digest, bytes)
    assert.equal(await lenient.proxy.findMissing([digest]), [])
    await lenient.close()
    const strict = await tiers({ remote: new Failing(), required: true })
    await fails(strict.proxy.findMissing([digest]), code)
    await fails(strict.proxy.get(digest), code)
    await fails(strict.proxy.write(digest, bytes), code)
    assert.ok(Buffer.from(await strict.proxy.get(digest)).equals(bytes), 'what is here is served')
    await strict.close()
  })
}

test('a download that breaks in the middle is begun again, and leaves no half blob', async () => {
  // Something must keep the process alive: the clock that pauses are waited for with does not.
  const alive = setInterval(() => {}, 1000)
  const { digest, bytes } = blobOfSize(100_000, 'broken')
  for (const [breaks, retries] of [
    [1, 1],
    [2, 1],
  ] as const) {
    let reads = 0
    class Breaking extends MemoryStore {
      override findMissing = async () => []
      override async *read() {
        yield bytes.subarray(0, 50_000)
        if (reads++ < breaks) throw new GoregoError('unavailable', 'the connection broke')
        yield bytes.subarray(50_000)
      }
    }
    const { local, proxy, close } = await tiers({ remote: new Breaking(), retries })
    if (breaks <= retries) assert.ok(Buffer.from(await proxy.get(digest)).equals(bytes))
    else await fails(proxy.get(digest), 'not-found')
    assert.is((await local.findMissing([digest])).length, breaks <= retries ? 0 : 1)
    assert.is(reads, 2)
    await close()
  }
  clearInterval(alive)
})

test('a full local store is told as such, and not as a blob that is not there', async () => {
  const { local, remote, proxy, close } = await tiers()
  const { digest, bytes } = blobOf('x')
  await remote.write(digest, bytes)
  local.write = () => Promise.reject(new GoregoError('resource-exhausted', 'full'))
  await fails(proxy.get(digest), 'resource-exhausted')
  await close()
})

test('many who miss one blob fetch it once; one who gives up harms nobody', async () => {
  let reads = 0
  let go = () => {}
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const { digest, bytes } = blobOf('wanted')
  class Slow extends MemoryStore {
    override async *read() {
      reads++
      await gate
      yield bytes
    }
  }
  const { proxy, close } = await tiers({ remote: new Slow() })
  const abort = new AbortController()
  const leaving = proxy.get(digest, abort.signal).catch((error) => error)
  const staying = [proxy.get(digest), collect(proxy.read(digest)), proxy.get(digest)]
  await new Promise((resolve) => setImmediate(resolve))
  const gone = new GoregoError('cancelled', 'gone')
  abort.abort(gone)
  assert.is(await leaving, gone)
  go()
  for (const each of await Promise.all(staying)) assert.ok(Buffer.from(each).equals(bytes))
  assert.is(reads, 1)
  await close()
})

test('many small questions at one time go as a few', async () => {
  let calls = 0
  class Counting extends MemoryStore {
    override findMissing = async (digests: readonly Digest[]) => {
      calls++
      return [...digests]
    }
  }
  const { proxy, close } = await tiers({ remote: new Counting() })
  const digests = Array.from({ length: 1000 }, (_, n) => blobOf(`${n}`).digest)
  const answers = await Promise.all(digests.map((digest) => proxy.findMissing([digest])))
  assert.equal(answers.flat(), digests)
  assert.ok(calls <= 8, `${calls} calls`)
  await close()
})

/** With files, as a LocalStore has them. */
class StoreWithFiles extends MemoryStore {
  async blobFile(digest: Digest): Promise<string> {
    if ((await this.findMissing([digest])).length > 0) throw blobNotFound(digest)
    return `/store/${digest.hash}`
  }
}

test('a blob that is only behind has a file here when it was fetched; without files here there is none', async () => {
  const { digest, bytes } = blobOf('only behind')
  const own = { executable: false }
  for (const required of [false, true]) {
    const local = new StoreWithFiles()
    const { remote, backing, proxy, close } = await tiers({ local, required })
    await remote.write(digest, bytes)
    const store = required ? onlyIfBehind(proxy, local, backing) : proxy
    assert.is(await store.blobFile?.(digest, own), `/store/${digest.hash}`)
    await fails(proxy.blobFile(blobOf('nowhere').digest, own), 'not-found')
    await close()
  }
  const { remote, proxy, close } = await tiers()
  await remote.write(digest, bytes)
  assert.is(await proxy.blobFile(digest, own), undefined)
  await close()
})

test.run()
