import { reapi } from '@gorego/core'
import type { TestBlob } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  batchRead,
  batchReadRequest,
  batchUpdate,
  type CallFailure,
  digestMessage,
  failure,
  findMissing,
  getResult,
  isCode,
  isMissing,
  outputFile,
  paths,
  type RawClient,
  read,
  readRequest,
  resultOf,
  updateRequest,
  updateResult,
  upload,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const lifetimes = new Cases()
const { test } = lifetimes

// Room for three of these, and a little more.
const SIZE = 2 * 1024 * 1024
const ROOM_GB = 0.0068
const SMALL_STORE = { 'execution.enabled': false, 'local_cache.max_size_gb': ROOM_GB }

/** Fills a small store with three blobs, has the first one used, and stores a fourth: another than the first must go. */
async function keepsWhatIsUsed(t: Tester, client: RawClient, about: string, use: (used: TestBlob) => Promise<unknown>) {
  const blobs = Array.from({ length: 3 }, (_, n) => t.blob(SIZE + about.length * 100 + n))
  const [first] = blobs as [TestBlob]
  for (const blob of blobs) await upload(client, blob)
  await use(first)
  await upload(client, t.blob(SIZE + about.length * 100 + 50))
  const digests = blobs.map(({ digest }) => digest)
  assert.equal(await findMissing(client, digests), [String(digests[1])], about)
}

test('FM-04, BR-10, AC-03, AC-04, CH-02: what was looked up, read or referred to outlives what was not', async (t) => {
  const client = t.connect(await t.ownServer({ ...SMALL_STORE, 'local_cache.grace_seconds': 0 }))
  await keepsWhatIsUsed(t, client, 'FM-04', ({ digest }) => findMissing(client, [digest]))
  await keepsWhatIsUsed(t, client, 'BR-10 read', ({ digest }) => read(client, digest))
  await keepsWhatIsUsed(t, client, 'BR-10 a part', ({ digest }) => read(client, digest, { offset: 5, limit: 5 }))
  const action = t.blob('an action')
  await keepsWhatIsUsed(t, client, 'AC-03, AC-04', async (blob) => {
    await updateResult(client, action.digest, resultOf(outputFile('out', blob)))
    await getResult(client, action.digest)
  })
  assert.is((await getResult(client, action.digest)).getOutputFilesList().length, 1)
})

test('BR-10: a blob that has to go while it is read still comes whole', async (t) => {
  const client = t.connect(await t.ownServer({ ...SMALL_STORE, 'local_cache.grace_seconds': 0 }))
  const victim = t.blob(2 * SIZE)
  await upload(client, victim)
  const messages = client.serverStream(paths.read, readRequest(client, victim.digest))[Symbol.asyncIterator]()
  const first = await messages.next()
  for (let n = 0; n < 3; n++) await upload(client, t.blob(SIZE + n))
  isCode(await failure(read(client, victim.digest)), 'NOT_FOUND')
  const chunks = [dataOf(first.value)]
  for (let next = await messages.next(); !next.done; next = await messages.next()) chunks.push(dataOf(next.value))
  assert.ok(Buffer.concat(chunks).equals(victim.bytes))
})

test('BW-13, BU-04, AC-13, GEN-02, GEN-05: a store full of what was promised refuses more, and says when to come again', async (t) => {
  const client = t.connect(await t.ownServer({ ...SMALL_STORE, 'local_cache.grace_seconds': 3600 }))
  const blobs = Array.from({ length: 3 }, (_, n) => t.blob(SIZE + n))
  for (const blob of blobs) await upload(client, blob)
  const refused = await failure(upload(client, t.blob(SIZE + 3)))
  isCode(refused, 'RESOURCE_EXHAUSTED')
  tellsWhen(refused)
  const more = t.blob(3 * 1024 * 1024)
  const { RESOURCE_EXHAUSTED } = reapi.RpcCode
  assert.equal(await batchUpdate(client, updateRequest(client, [more])), [RESOURCE_EXHAUSTED])
  const result = new reapi.ActionResult().setExitCode(1).setStdoutRaw(Uint8Array.from(more.bytes.subarray(0, 2e6)))
  isCode(await failure(updateResult(client, t.blob('an action').digest, result)), 'RESOURCE_EXHAUSTED')
  // What is there can be read all the same, and nothing of the rest is.
  for (const blob of blobs) assert.ok((await read(client, blob.digest)).equals(blob.bytes))
  assert.ok(await isMissing(client, more))
  const [entry] = await batchRead(client, batchReadRequest(client, [digestMessage(more.digest)]))
  assert.is(entry?.code, reapi.RpcCode.NOT_FOUND)
})

/** GEN-02, GEN-05 */
function tellsWhen({ code, status }: CallFailure): void {
  assert.is(status?.getCode(), reapi.RpcCode.RESOURCE_EXHAUSTED, `no details with ${code}`)
  const infos = status?.getDetailsList().map((any) => reapi.unpackAny(any, 'google.rpc.RetryInfo', reapi.RetryInfo))
  const delay = infos?.find((info) => info !== undefined)?.getRetryDelay()
  assert.ok(delay !== undefined && reapi.durationToMillis(delay) > 0, 'no RetryInfo')
}

function dataOf(message: Buffer): Buffer {
  return Buffer.from(reapi.ReadResponse.deserializeBinary(message).getData_asU8())
}
