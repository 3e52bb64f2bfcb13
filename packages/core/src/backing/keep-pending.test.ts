import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import { MemoryActionCache } from '../action-cache/index.js'
import { LocalStore } from '../cas/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { ActionResult, OutputFile } from '../proto/messages.js'
import { buildAction } from '../testing/action-builder.js'
import { blobOf } from '../testing/blobs.js'
import { FakeClock } from '../testing/fake-clock.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import type { Job } from './job.js'
import { keepPending } from './keep-pending.js'

const BLOCK = 4096

/** What is left of so many blobs, and of a result with all that belongs to it, when all goes that may. */
async function leftOf(maxBytes: number): Promise<{ blobs: string[]; ofResult: number; others: number }> {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, graceMs: 0, clock: new FakeClock() })
  await store.loaded
  const results = new MemoryActionCache()
  const action = buildAction({ argv: ['true'] })
  const [output, other] = [blobOf('an output'), blobOf('nobody waits for this')]
  const key = { instance: '', action: action.digest }
  const file = new OutputFile().setPath('out').setDigest(toDigestMessage(output.digest))
  await results.put(key, new ActionResult().setOutputFilesList([file]).serializeBinary())
  const blobs = ['a', 'b', 'c'].map((text) => blobOf(text))
  for (const { digest, bytes } of [output, other, ...blobs]) await store.write(digest, bytes)
  await action.upload(store)
  const jobs: Job[] = [
    ...blobs.map(({ digest }): Job => ({ kind: 'blob', digest })),
    { kind: 'result', key },
    { kind: 'result', key: { instance: 'no such', action: action.digest } },
  ]
  using _ = store.pin(() => keepPending({ local: store, localResults: results, jobs, maxBytes }))
  while (await store.room.shrink(1e9));
  const isThere = async ({ digest }: { digest: (typeof output)['digest'] }) =>
    (await store.findMissing([digest])).length === 0
  const there = await Promise.all(blobs.map(isThere))
  const command = action.blobs[0] ?? output
  const belonging = await Promise.all([output, { digest: action.digest }, command].map(isThere))
  return {
    blobs: ['a', 'b', 'c'].filter((_, n) => there[n]),
    ofResult: belonging.filter(Boolean).length,
    others: Number(await isThere(other)),
  }
}

test('what is still to be stored on the other side stays: blobs, and of results all that goes with them', async () => {
  deepEqual(await leftOf(100 * BLOCK), { blobs: ['a', 'b', 'c'], ofResult: 3, others: 0 })
})

test('of too much, what came first stays', async () => {
  deepEqual(await leftOf(2 * BLOCK), { blobs: ['a', 'b'], ofResult: 0, others: 0 })
  equal((await leftOf(0)).blobs.length, 0)
})

test.run()
