import { deepEqual } from 'node:assert/strict'
import { Digest, digestFunctions, emptyDigest } from '../../digest/index.js'
import { blobOf, collect, type TestBlob } from '../blobs.js'
import { rejectsWith } from '../contract.js'
import type { CasTests } from './index.js'

export const lookUpTests: CasTests = {
  'FM-01: exactly the absent ones are missing, each once, in the order asked': async (cas, fn) => {
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((text) => blobOf(text, fn)) as [
      TestBlob,
      TestBlob,
      TestBlob,
      TestBlob,
    ]
    await cas.write(b.digest, b.bytes)
    const missing = await cas.findMissing([d.digest, b.digest, a.digest, d.digest, c.digest, b.digest, a.digest])
    deepEqual(
      missing.map(String),
      [d, a, c].map((blob) => String(blob.digest)),
    )
  },

  'FM-02: the empty blob is never missing': async (cas, fn) => {
    deepEqual(await cas.findMissing([emptyDigest(fn)]), [])
  },

  'FM-03: of nothing, nothing is missing': async (cas) => {
    deepEqual(await cas.findMissing([]), [])
  },

  'FM-05: ten thousand digests in one call': async (cas, fn) => {
    const digests = Array.from({ length: 10_000 }, (_, n) => Digest.of(fn, `${n}`.padStart(fn.hashLength, '0'), n + 1))
    const stored = blobOf('one of many', fn)
    await cas.write(stored.digest, stored.bytes)
    const missing = await cas.findMissing([...digests.slice(0, 5000), stored.digest, ...digests.slice(5000)])
    deepEqual(
      missing.map((digest) => digest.key),
      digests.map((digest) => digest.key),
    )
  },

  'FM-06: what a write has acknowledged is there': async (cas, fn) => {
    const { digest, bytes } = blobOf('acknowledged', fn)
    deepEqual(await cas.findMissing([digest]), [digest])
    await cas.write(digest, bytes)
    deepEqual(await cas.findMissing([digest]), [])
  },

  'DIG-07: the right hash of another function is another blob, and absent': async (cas, fn) => {
    const { digest, bytes } = blobOf('content', fn)
    await cas.write(digest, bytes)
    const others = digestFunctions.filter((each) => each !== fn && each.hashLength === fn.hashLength)
    const asked = others.map((other) => Digest.of(other, digest.hash, digest.sizeBytes))
    deepEqual(await cas.findMissing(asked), asked)
    for (const other of asked) await rejectsWith('not-found', cas.get(other))
  },

  'DIG-02: the right hash with another size is another blob, and absent': async (cas, fn) => {
    const { digest, bytes } = blobOf('eight by', fn)
    await cas.write(digest, bytes)
    for (const size of [0, 7, 9]) {
      const other = Digest.of(fn, digest.hash, size)
      deepEqual(await cas.findMissing([other, digest]), [other])
      await rejectsWith('not-found', cas.get(other))
      await rejectsWith('not-found', collect(cas.read(other)))
    }
  },
}
