import { Digest, emptyDigest, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import { callFailure, findMissing, findMissingRequest, isMissing, paths, store, upload } from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const findMissingBlobs = new Cases()
const { test } = findMissingBlobs

const nameOf = ({ digest }: { digest: Digest }) => `${digest.hash}/${digest.sizeBytes}`

/** So many digests that nobody has a blob for. */
function strangers(t: Tester, count: number): Digest[] {
  const start = t.strangeHash().slice(8)
  return Array.from({ length: count }, (_, n) => Digest.of(SHA256, n.toString(16).padStart(8, '0') + start, n + 1))
}

test('FM-01: exactly the absent ones are reported', async (t) => {
  const [a, b, c, d] = [t.blob('a'), t.blob('b'), t.blob('c'), t.blob('d')]
  await store(t.client, b, d)
  const asked = [c, b, a, d].map(({ digest }) => digest)
  assert.equal((await findMissing(t.client, asked)).sort(), [a, c].map(nameOf).sort())
})

test('FM-01: one that is asked for several times is reported no more often than that', async (t) => {
  const [there, absent] = [t.blob('there'), t.blob('absent')]
  await store(t.client, there)
  const asked = [absent, there, absent, absent, there].map(({ digest }) => digest)
  const missing = await findMissing(t.client, asked)
  assert.equal([...new Set(missing)], [nameOf(absent)])
  assert.ok(missing.length <= 3, `${missing.length} times`)
})

test(
  'FM-01: namely once, and all in the order of the request',
  async (t) => {
    const [a, b] = [t.blob('a'), t.blob('b')]
    const asked = [b, a, b, b, a].map(({ digest }) => digest)
    assert.equal(await findMissing(t.client, asked), [b, a].map(nameOf))
  },
  { level: 'D' },
)

test('FM-02: the empty blob is never missing', async (t) => {
  assert.equal(await findMissing(t.client, [emptyDigest(SHA256)]), [])
  const absent = t.blob('absent')
  assert.equal(await findMissing(t.client, [emptyDigest(SHA256), absent.digest]), [nameOf(absent)])
})

test('FM-03: of nothing nothing is missing', async (t) => {
  assert.equal(await findMissing(t.client, []), [])
})

test('FM-05, CL-04: ten thousand digests in one call', async (t) => {
  const there = t.blob('there')
  await store(t.client, there)
  const digests = strangers(t, 10_000)
  assert.equal(new Set(await findMissing(t.client, [...digests, there.digest])), new Set(digests.map(String)))
})

test(
  'FM-05: an answer that would not fit what clients receive is refused',
  async (t) => {
    const request = findMissingRequest(t.client, strangers(t, 70_000))
    const { code } = await callFailure(t.client, paths.findMissingBlobs, request)
    assert.is(code, 'INVALID_ARGUMENT')
  },
  { level: 'D' },
)

test('FM-06: what BatchUpdateBlobs or Write has acknowledged is there, on any connection', async (t) => {
  for (const put of [store, upload]) {
    const blob = t.blob(put.name)
    assert.ok(await isMissing(t.client, blob))
    await put(t.client, blob)
    assert.not(await isMissing(t.client, blob))
    assert.not(await isMissing(t.connect(), blob))
  }
})
