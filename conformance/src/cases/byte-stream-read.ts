import { readFileSync } from 'node:fs'
import { Digest, emptyDigest, reapi, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import { callFailure, failure, isCode, paths, read, readChunks, readRequest, store, upload } from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const byteStreamRead = new Cases()
const { test } = byteStreamRead

const MIB = 1024 * 1024

async function stored(t: Tester, content: string | number) {
  const blob = t.blob(content)
  await upload(t.client, blob)
  return blob
}

test('BR-01: an absent blob is not found, whatever part of it is asked for', async (t) => {
  const absent = t.blob('absent').digest
  isCode(await callFailure(t.client, paths.read, readRequest(t.client, absent)), 'NOT_FOUND')
  const part = readRequest(t.client, absent, { offset: 5, limit: 1 })
  isCode(await callFailure(t.client, paths.read, part), 'NOT_FOUND')
})

test('BR-02: the empty blob can be read though nobody stored it', async (t) => {
  assert.is((await read(t.client, emptyDigest(SHA256))).length, 0)
})

test('BR-05: a limit beyond the end of nothing brings nothing', async (t) => {
  assert.is((await read(t.client, emptyDigest(SHA256), { limit: 10 })).length, 0)
})

test('BR-03, CL-06: reading goes on from an offset, and from the very end there is nothing more', async (t) => {
  const blob = await stored(t, 'with offsets')
  const size = blob.bytes.length
  for (const offset of [0, 1, 10, size - 1, size]) {
    const bytes = await read(t.client, blob.digest, { offset })
    assert.ok(bytes.equals(blob.bytes.subarray(offset)), String(offset))
  }
})

test('BR-03: offsets below 0 and beyond the end are out of range', async (t) => {
  const { digest, bytes } = await stored(t, 'out of range')
  for (const offset of [bytes.length + 1, 2 ** 40, 2 ** 62, -1, -(2 ** 60)]) {
    isCode(await failure(read(t.client, digest, { offset })), 'OUT_OF_RANGE', String(offset))
  }
  isCode(await failure(read(t.client, emptyDigest(SHA256), { offset: 1 })), 'OUT_OF_RANGE')
})

test('BR-04, BR-05: a limit bounds what is sent; 0, or more than there is, brings everything', async (t) => {
  const blob = await stored(t, 'with limits, and long enough')
  const size = blob.bytes.length
  for (const [offset, limit] of [
    [0, 3],
    [4, 5],
    [4, 1],
    [0, size],
    [0, size + 1],
    [size - 2, 600],
    [0, 2 ** 60],
    [7, 0],
    [size, 5],
  ] as const) {
    const expected = blob.bytes.subarray(offset, limit === 0 ? size : Math.min(size, offset + limit))
    const bytes = await read(t.client, blob.digest, { offset, limit })
    assert.ok(bytes.equals(expected), `offset ${offset}, limit ${limit}: ${bytes.length} bytes`)
  }
})

test('BR-04: a negative limit is refused', async (t) => {
  const { digest } = await stored(t, 'negative limit')
  for (const limit of [-1, -(2 ** 60)]) {
    isCode(await failure(read(t.client, digest, { limit })), ['INVALID_ARGUMENT', 'OUT_OF_RANGE'], String(limit))
  }
})

test('BR-03, BR-04, BR-05: ranges of a blob of many messages', async (t) => {
  const blob = await stored(t, 3 * MIB + 17)
  for (const [offset, limit] of [
    [0, 1],
    [MIB - 1, 2],
    [MIB + 5, 2 * MIB],
    [3 * MIB, 0],
    [3 * MIB + 16, 1],
    [64 * 1024, 64 * 1024],
  ] as const) {
    const expected = blob.bytes.subarray(offset, limit === 0 ? undefined : offset + limit)
    assert.ok((await read(t.client, blob.digest, { offset, limit })).equals(expected), `${offset}, ${limit}`)
  }
})

test('BR-09: a large blob comes whole, in messages well below 4 MiB', async (t) => {
  const blob = await stored(t, 9 * MIB + 1)
  const chunks = await readChunks(t.client, readRequest(t.client, blob.digest))
  assert.ok(Buffer.concat(chunks).equals(blob.bytes), 'the bytes are others')
  const longest = Math.max(...chunks.map(({ length }) => length))
  assert.ok(longest <= 3 * MIB, `a message of ${longest} bytes`)
})

test('BR-08: what FindMissingBlobs says is there can be read at once, in full', async (t) => {
  const blob = t.blob('advertised')
  await store(t.client, blob)
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
  isCode(await failure(read(t.client, Digest.of(SHA256, blob.digest.hash, blob.digest.sizeBytes + 1))), 'NOT_FOUND')
})

test('BR-11: readers that do not read cost the server no memory for what they ask for', async (t) => {
  const { pid } = t.own
  const blob = await stored(t, 32 * MIB)
  const before = residentBytes(pid)
  const streams = Array.from({ length: 12 }, () => {
    const stream = t.client.serverStream(paths.read, readRequest(t.client, blob.digest))
    stream.on('error', () => {})
    t.finally(() => stream.cancel())
    return stream
  })
  await Promise.all(streams.map((stream) => new Promise((resolve) => stream.once('readable', resolve))))
  // Round trips over the same connection give the server every chance to read on.
  for (let n = 0; n < 50; n++) await read(t.client, blob.digest, { limit: 1 })
  const grown = residentBytes(pid) - before
  assert.ok(grown < 200 * MIB, `${Math.round(grown / MIB)} MiB for 12 readers of 32 MiB`)
})

function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

test('BR-01: a request that names nothing', async (t) => {
  isCode(await callFailure(t.client, paths.read, new reapi.ReadRequest()), 'INVALID_ARGUMENT')
})
