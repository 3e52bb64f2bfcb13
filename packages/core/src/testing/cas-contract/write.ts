import { deepEqual, equal, ok, rejects } from 'node:assert/strict'
import type { BlobContent, ContentAddressableStorage } from '../../cas/index.js'
import { Digest, emptyDigest } from '../../digest/index.js'
import { blobOf, blobOfSize, collect, inChunks } from '../blobs.js'
import { rejectsWith } from '../contract.js'
import type { CasTests } from './index.js'

const KIB = 1024

export const writeTests: CasTests = {
  'content may come in chunks of any size, which the sender may use again': async (cas, fn) => {
    for (const [size, chunkSize] of [
      [10, 1],
      [100 * KIB, 7 * KIB],
      [600 * KIB, 100 * KIB],
      [600 * KIB, 1000 * KIB],
    ] as const) {
      const { digest, bytes } = blobOfSize(size, `${chunkSize}`, fn)
      await cas.write(digest, inChunks(bytes, chunkSize))
      deepEqual(await cas.findMissing([digest]), [])
      equal(Buffer.compare(await cas.get(digest), bytes), 0)
    }
  },

  'empty chunks do no harm': async (cas, fn) => {
    const { digest, bytes } = blobOf('ab', fn)
    await cas.write(digest, chunks(new Uint8Array(0), bytes.subarray(0, 1), new Uint8Array(0), bytes.subarray(1)))
    deepEqual(Buffer.from(await cas.get(digest)), Buffer.from(bytes))
  },

  'BW-14: the empty blob can be stored, which changes nothing': async (cas, fn) => {
    await cas.write(emptyDigest(fn), new Uint8Array(0))
    await cas.write(emptyDigest(fn), chunks())
    equal((await cas.get(emptyDigest(fn))).length, 0)
    await refused(cas, emptyDigest(fn), Buffer.from('x'))
    equal((await cas.get(emptyDigest(fn))).length, 0)
  },

  'DIG-02: the right bytes under the right hash and another size are refused': async (cas, fn) => {
    const { digest, bytes } = blobOf('twelve bytes', fn)
    for (const size of [0, 11, 13]) await refusedAndInvisible(cas, Digest.of(fn, digest.hash, size), bytes)
    deepEqual(await cas.findMissing([digest]), [digest])
  },

  'BW-05: bytes with another hash are refused, and nobody sees them': async (cas, fn) => {
    for (const size of [5, 300 * KIB]) {
      const right = blobOfSize(size, 'right', fn)
      const wrong = blobOfSize(size, 'wrong', fn)
      await refusedAndInvisible(cas, right.digest, wrong.bytes)
      await cas.write(right.digest, right.bytes)
      await refused(cas, right.digest, wrong.bytes)
      equal(Buffer.compare(await cas.get(right.digest), right.bytes), 0)
    }
  },

  'BW-05: content that ends too early is refused': async (cas, fn) => {
    const { digest, bytes } = blobOfSize(200 * KIB, 'short', fn)
    await refusedAndInvisible(cas, digest, bytes.subarray(1))
    await refusedAndInvisible(cas, digest, new Uint8Array(0))
  },

  'BW-06: of a source without end no more is taken than up to the first byte too many': async (cas, fn) => {
    const { digest, bytes } = blobOfSize(300 * KIB, 'endless', fn)
    for (const chunkSize of [1 * KIB, 100 * KIB]) {
      let taken = 0
      let closed = false
      async function* endless() {
        try {
          for (; ; taken += chunkSize) yield bytes.subarray(0, chunkSize)
        } finally {
          closed = true
        }
      }
      await rejectsWith('invalid-argument', cas.write(digest, endless()))
      ok(taken <= bytes.length, `${taken} bytes were taken, and one chunk more`)
      ok(closed, 'the source is told to stop')
    }
    await invisible(cas, digest)
  },

  'BW-08: a blob that is there may be stored again': async (cas, fn) => {
    const { digest, bytes } = blobOf('twice', fn)
    for (let n = 0; n < 2; n++) {
      await cas.write(digest, bytes)
      await cas.write(digest, inChunks(bytes, 2))
    }
    deepEqual(Buffer.from(await cas.get(digest)), Buffer.from(bytes))
  },

  'BW-11: of many who write one blob at once all succeed, whoever of them fails': async (cas, fn) => {
    for (const size of [1 * KIB, 400 * KIB]) {
      const { digest, bytes } = blobOfSize(size, 'popular', fn)
      const good = Array.from({ length: 8 }, (_, n) => cas.write(digest, inChunks(bytes, (n + 1) * 100)))
      const whole = Array.from({ length: 4 }, () => cas.write(digest, bytes))
      const bad = rejectsWith('invalid-argument', cas.write(digest, inChunks(bytes.subarray(1), 64)))
      await Promise.all([...good, ...whole, bad])
      equal(Buffer.compare(await cas.get(digest), bytes), 0)
    }
  },

  'BW-15: an upload that goes on is invisible': async (cas, fn) => {
    const { digest, bytes } = blobOfSize(200 * KIB, 'slow', fn)
    await cas.write(
      digest,
      (async function* () {
        yield bytes.subarray(0, 100 * KIB)
        await invisible(cas, digest)
        yield bytes.subarray(100 * KIB)
        await invisible(cas, digest)
      })(),
    )
    deepEqual(await cas.findMissing([digest]), [])
  },

  'GEN-07: nothing is left of an upload that is called off': async (cas, fn) => {
    const { digest, bytes } = blobOfSize(200 * KIB, 'called off', fn)
    const controller = new AbortController()
    const reason = new Error('called off')
    let closed = false
    async function* content() {
      try {
        yield bytes.subarray(0, 100 * KIB)
        controller.abort(reason)
        yield bytes.subarray(100 * KIB)
      } finally {
        closed = true
      }
    }
    await rejects(cas.write(digest, content(), controller.signal), reason)
    ok(closed, 'the source is told to stop')
    await invisible(cas, digest)
  },

  'GEN-07: nothing is left of an upload whose source fails, and the source says why': async (cas, fn) => {
    const { digest, bytes } = blobOfSize(200 * KIB, 'broken', fn)
    for (const length of [0, 100 * KIB, bytes.length]) {
      const reason = new Error('the connection is gone')
      async function* content() {
        yield bytes.subarray(0, length)
        throw reason
      }
      await rejects(cas.write(digest, content()), reason)
      await invisible(cas, digest)
    }
    await cas.write(digest, bytes)
    deepEqual(await cas.findMissing([digest]), [])
  },
}

async function* chunks(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all
}

/** In one piece and as a stream. */
async function refused(cas: ContentAddressableStorage, digest: Digest, bytes: Uint8Array): Promise<void> {
  const contents: BlobContent[] = [bytes, inChunks(bytes, 1 + (bytes.length >> 2))]
  for (const content of contents) await rejectsWith('invalid-argument', cas.write(digest, content))
}

async function refusedAndInvisible(cas: ContentAddressableStorage, digest: Digest, bytes: Uint8Array): Promise<void> {
  await refused(cas, digest, bytes)
  await invisible(cas, digest)
}

async function invisible(cas: ContentAddressableStorage, digest: Digest): Promise<void> {
  deepEqual(await cas.findMissing([digest]), [digest])
  await rejectsWith('not-found', cas.get(digest))
  await rejectsWith('not-found', collect(cas.read(digest)))
}
