import { equal, ok, rejects } from 'node:assert/strict'
import type { ContentAddressableStorage } from '../../cas/index.js'
import { emptyDigest } from '../../digest/index.js'
import { blobOf, blobOfSize, collect, type TestBlob } from '../blobs.js'
import { rejectsWith } from '../contract.js'
import type { CasTests } from './index.js'

const KIB = 1024
const MIB = 1024 * KIB

export const readTests: CasTests = {
  'a blob comes back as it was, whatever its size': async (cas, fn) => {
    for (const size of [1, 2, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 256 * KIB, MIB + 1, 3 * MIB]) {
      const { digest, bytes } = await stored(cas, blobOfSize(size, size, fn))
      sameBytes(await cas.get(digest), bytes)
      sameBytes(await collect(cas.read(digest)), bytes)
    }
  },

  'BR-01: an absent blob is not found': async (cas, fn) => {
    const { digest } = blobOf('never stored', fn)
    await rejectsWith('not-found', cas.get(digest))
    await rejectsWith('not-found', collect(cas.read(digest)))
  },

  'BR-02: the empty blob can be read though nobody stored it': async (cas, fn) => {
    equal((await cas.get(emptyDigest(fn))).length, 0)
    equal((await collect(cas.read(emptyDigest(fn)))).length, 0)
    equal((await collect(cas.read(emptyDigest(fn), { offset: 0, length: 0 }))).length, 0)
  },

  'BR-03, BR-04: a range has the bytes from its offset on, and no more than its length': async (cas, fn) => {
    for (const size of [10, 700 * KIB]) {
      const { digest, bytes } = await stored(cas, blobOfSize(size, 'ranges', fn))
      const some = [0, 1, 5, size >> 1, size - 1, size]
      for (const offset of some) {
        sameBytes(await collect(cas.read(digest, { offset })), bytes.subarray(offset))
        for (const length of some.filter((length) => offset + length <= size)) {
          sameBytes(await collect(cas.read(digest, { offset, length })), bytes.subarray(offset, offset + length))
        }
      }
      sameBytes(await collect(cas.read(digest, { length: size - 1 })), bytes.subarray(0, size - 1))
    }
  },

  'BR-09: chunks have at most 1 MiB, and are never empty': async (cas, fn) => {
    const { digest } = await stored(cas, blobOfSize(5 * MIB + 1, 'chunks', fn))
    for await (const chunk of cas.read(digest)) ok(chunk.length > 0 && chunk.length <= MIB, `${chunk.length} bytes`)
  },

  'chunks that were handed out stay as they are while more is read': async (cas, fn) => {
    const { digest, bytes } = await stored(cas, blobOfSize(2 * MIB, 'kept', fn))
    const [one, two] = await Promise.all([collect(cas.read(digest)), collect(cas.read(digest))])
    sameBytes(one, bytes)
    sameBytes(two, bytes)
  },

  'a reader may give the memory to read into, and use it again': async (cas, fn) => {
    for (const size of [10, 100 * KIB, 3 * MIB + 1]) {
      const { digest, bytes } = await stored(cas, blobOfSize(size, 'own memory', fn))
      const memory = Buffer.alloc(MIB)
      let at = 0
      const allocate = (wanted: number) => memory.subarray(0, Math.min(wanted, 300 * KIB))
      for await (const chunk of cas.read(digest, {}, undefined, allocate)) {
        sameBytes(chunk, bytes.subarray(at, at + chunk.length))
        at += chunk.length
        if (chunk.buffer === memory.buffer) memory.fill(0)
      }
      equal(at, size)
    }
  },

  'GEN-07: a reader may go in the middle, or be called off': async (cas, fn) => {
    const { digest, bytes } = await stored(cas, blobOfSize(3 * MIB, 'given up', fn))
    for await (const chunk of cas.read(digest)) {
      ok(chunk.length < bytes.length)
      break
    }
    const controller = new AbortController()
    const reason = new Error('called off')
    await rejects(async () => {
      for await (const _ of cas.read(digest, {}, controller.signal)) controller.abort(reason)
    }, reason)
    sameBytes(await cas.get(digest), bytes)
  },
}

async function stored(cas: ContentAddressableStorage, blob: TestBlob): Promise<TestBlob> {
  await cas.write(blob.digest, blob.bytes)
  return blob
}

/** Without printing megabytes where they differ. */
function sameBytes(actual: Uint8Array, expected: Uint8Array): void {
  equal(actual.length, expected.length)
  ok(Buffer.compare(actual, expected) === 0, `other bytes than expected (${expected.length} of them)`)
}
