import { deepEqual, equal } from 'node:assert/strict'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import type { Digest } from '../digest/index.js'
import { BlobIndex, DiskBudget } from '../disk/index.js'
import { FakeClock } from '../testing/fake-clock.js'
import { blobOf, blobOfSize, rejectsWith, type TestBlob, temporaryDirectory } from '../testing/index.js'
import { IncomingBlob } from './incoming-blob.js'
import { LocalStore } from './local-store.js'
import { MemoryStore } from './memory-store.js'
import { type PartialUploadLimits, PartialUploads } from './partial-uploads.js'
import type { Upload } from './resumable-uploads.js'

const MINUTE = 60_000
const blob = blobOfSize(300_000, 'partial')

class Rig implements Disposable {
  readonly clock = new FakeClock()
  readonly uploads: PartialUploads
  readonly #directory = temporaryDirectory()

  constructor(limits: PartialUploadLimits & { maxBytes?: number } = {}) {
    const { maxBytes = 1e9, ...kept } = limits
    const now = () => this.clock.now()
    const budget = new DiskBudget({
      name: 'the cache',
      index: new BlobIndex(now),
      maxBytes,
      graceMs: 0,
      now,
      evict: () => {},
      storedFor: () => Number.POSITIVE_INFINITY,
      spare: () => this.uploads.displaceOldest(),
    })
    let files = 0
    const makeFile = (digest: Digest) =>
      IncomingBlob.open(digest.sizeBytes, join(this.#directory.path, `${files++}`), budget)
    this.uploads = new PartialUploads({ ...kept, makeFile, clock: this.clock })
  }

  get files(): number {
    return readdirSync(this.#directory.path).length
  }

  /** An upload of which the first bytes come, and then no more. */
  async breakOff(name: string, { digest, bytes }: TestBlob, count: number): Promise<void> {
    using upload = await this.uploads.open(name, digest, 0)
    await upload.append([bytes.subarray(0, count)])
  }

  [Symbol.dispose](): void {
    this.uploads[Symbol.dispose]()
    const { files, clock } = this
    this.#directory[Symbol.dispose]()
    deepEqual([files, clock.pending], [0, 0], 'nothing is left')
  }
}

async function complete(store: MemoryStore, upload: Upload): Promise<Buffer> {
  await store.write(blob.digest, upload.finish())
  return Buffer.from(await store.get(blob.digest))
}

test('BW-02, QS-04: what came before an upload broke off is kept, and can be continued again and again', async () => {
  using rig = new Rig()
  const { digest, bytes } = blob
  equal(rig.uploads.receivedSize('a'), 0)
  await rig.breakOff('a', blob, 100_000)
  for (const [from, to] of [
    [100_000, 100_001],
    [100_001, 100_001],
    [100_001, 200_000],
  ] as const) {
    equal(rig.uploads.receivedSize('a'), from)
    using upload = await rig.uploads.open('a', digest, from)
    await upload.append([bytes.subarray(from, to)])
  }
  {
    using upload = await rig.uploads.open('a', digest, 200_000)
    await upload.append([bytes.subarray(200_000)])
    equal(Buffer.compare(await complete(new MemoryStore(), upload), bytes), 0)
  }
  equal(rig.uploads.receivedSize('a'), 0)
  deepEqual([rig.files, rig.uploads.usage], [0, { uploads: 0, bytes: 0 }])
  deepEqual(rig.uploads.counts, { kept: 4, resumed: 4, expired: 0, displaced: 0 })
})

test('a store takes the file of an upload over instead of reading it', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  const { digest, bytes } = blob
  {
    using upload = await store.uploads.open('a', digest, 0)
    await upload.append([bytes.subarray(0, 1000)])
  }
  using upload = await store.uploads.open('a', digest, 1000)
  await upload.append([bytes.subarray(1000)])
  const [session] = readdirSync(store.layout.sessions)
  const [file] = readdirSync(`${store.layout.sessions}/${session}/upload`)
  const { ino } = statSync(`${store.layout.sessions}/${session}/upload/${file}`)
  await store.write(digest, upload.finish())
  equal(statSync(store.layout.blob(digest)).ino, ino)
  equal(statSync(store.layout.blob(digest)).mode & 0o777, 0o444)
  equal(Buffer.compare(await store.get(digest), bytes), 0)
})

test('another store reads the file', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path })
  using rig = new Rig()
  using upload = await rig.uploads.open('a', blob.digest, 0)
  await upload.append([blob.bytes])
  await store.write(blob.digest, upload.finish())
  equal(Buffer.compare(await store.get(blob.digest), blob.bytes), 0)
})

test('BW-02: an upload that begins at 0 starts over; any other offset is refused, and harms nothing', async () => {
  using rig = new Rig()
  const { digest, bytes } = blob
  for (const offset of [1, -1, Number.NaN, 2 ** 60]) {
    await rejectsWith('invalid-argument', rig.uploads.open('a', digest, offset))
  }
  await rig.breakOff('a', blob, 1000)
  for (const offset of [1, 999, 1001, -1000]) {
    await rejectsWith('invalid-argument', rig.uploads.open('a', digest, offset))
  }
  equal(rig.uploads.receivedSize('a'), 1000)
  await rejectsWith('invalid-argument', rig.uploads.open('b', digest, 1000))
  await rig.breakOff('a', blob, 10)
  equal(rig.uploads.receivedSize('a'), 10)
  using upload = await rig.uploads.open('a', digest, 10)
  await upload.append([bytes.subarray(10)])
  equal(Buffer.compare(await complete(new MemoryStore(), upload), bytes), 0)
})

test('BW-05, BW-06: what turns out to be something else is not kept', async () => {
  using rig = new Rig()
  const { digest, bytes } = blob
  {
    using upload = await rig.uploads.open('short', digest, 0)
    await upload.append([bytes.subarray(1)])
    await rejectsWith(
      'invalid-argument',
      (async () => {
        upload.finish()
      })(),
    )
  }
  for (const chunk of [Buffer.alloc(1), Buffer.alloc(100_000)]) {
    using upload = await rig.uploads.open('long', digest, 0)
    await upload.append([bytes])
    await rejectsWith('invalid-argument', upload.append([chunk]))
    equal(rig.uploads.receivedSize('long'), 0)
  }
  {
    using upload = await rig.uploads.open('discarded', digest, 0)
    await upload.append([bytes])
    upload.discard()
  }
  equal(rig.files, 0)
})

test('who continues an upload puts off the connection that was at it, and gets what that one had in hand', async () => {
  using rig = new Rig()
  const { digest, bytes } = blob
  using first = await rig.uploads.open('a', digest, 0)
  await first.append([bytes.subarray(0, 1000)])
  equal(rig.uploads.receivedSize('a'), 1000)
  const inHand = first.append([bytes.subarray(1000, 101_000)])
  // QS-04: this was promised, though it is no longer where the upload stands.
  using second = await rig.uploads.open('a', digest, 1000)
  await inHand
  await rejectsWith('aborted', first.append([bytes.subarray(101_000)]))
  first[Symbol.dispose]()
  for (let at = 1000; at < bytes.length; at += 70_000) await second.append([bytes.subarray(at, at + 70_000)])
  equal(Buffer.compare(await complete(new MemoryStore(), second), bytes), 0)
})

test('of many who continue at once one goes on', async () => {
  using rig = new Rig()
  const { digest, bytes } = blob
  await rig.breakOff('a', blob, 1000)
  const opened = await Promise.allSettled([1, 2, 3].map(() => rig.uploads.open('a', digest, 1000)))
  deepEqual(
    opened.map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  )
  const [last] = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  using upload = last as Upload
  await upload.append([bytes.subarray(1000)])
  equal(Buffer.compare(await complete(new MemoryStore(), upload), bytes), 0)
})

test('two who begin an upload of one name at 0 both finish; what can be continued is the later one', async () => {
  using rig = new Rig()
  const { digest, bytes } = blob
  {
    using first = await rig.uploads.open('a', digest, 0)
    await first.append([bytes.subarray(0, 5000)])
    using second = await rig.uploads.open('a', digest, 0)
    await second.append([bytes.subarray(0, 10)])
    await first.append([bytes.subarray(5000)])
    await second.append([bytes.subarray(10, 20)])
    equal(Buffer.compare(await complete(new MemoryStore(), first), bytes), 0)
  }
  equal(rig.uploads.receivedSize('a'), 20)
})

test('uploads that broke off go when their time is over, each at its own', async () => {
  using rig = new Rig({ keepMs: 10 * MINUTE })
  await rig.breakOff('a', blob, 1)
  rig.clock.advance(4 * MINUTE)
  await rig.breakOff('b', blob, 2)
  rig.clock.advance(6 * MINUTE)
  deepEqual([rig.uploads.receivedSize('a'), rig.uploads.receivedSize('b')], [0, 2])
  rig.clock.advance(4 * MINUTE - 1)
  equal(rig.uploads.receivedSize('b'), 2)
  rig.clock.advance(1)
  deepEqual([rig.uploads.receivedSize('b'), rig.files, rig.clock.pending], [0, 0, 0])
  equal(rig.uploads.counts.expired, 2)
})

test('one that goes on in time does not expire under way', async () => {
  using rig = new Rig({ keepMs: MINUTE })
  await rig.breakOff('a', blob, 10)
  using upload = await rig.uploads.open('a', blob.digest, 10)
  rig.clock.advance(10 * MINUTE)
  await upload.append([blob.bytes.subarray(10)])
  equal(Buffer.compare(await complete(new MemoryStore(), upload), blob.bytes), 0)
})

test('their number and bytes are bounded: the one that broke off first makes room', async () => {
  using few = new Rig({ keepUploads: 2 })
  for (const name of ['a', 'b', 'c']) await few.breakOff(name, blob, 10)
  deepEqual([few.uploads.receivedSize('a'), few.uploads.usage, few.files], [0, { uploads: 2, bytes: 20 }, 2])
  using small = new Rig({ keepBytes: 250_000 })
  for (const name of ['a', 'b', 'c']) await small.breakOff(name, blob, 100_000)
  await small.breakOff('too much by itself', blob, 250_001)
  deepEqual([small.uploads.receivedSize('a'), small.uploads.usage, small.files], [0, { uploads: 2, bytes: 200_000 }, 2])
  equal(small.uploads.counts.displaced, 1)
  using none = new Rig({ keepBytes: 0 })
  await none.breakOff('a', blob, 1)
  equal(none.files, 0)
})

test('no descriptor stays open for an upload that broke off', async () => {
  if (!existsSync('/proc/self/fd')) return
  using rig = new Rig()
  const before = readdirSync('/proc/self/fd').length
  for (let n = 0; n < 50; n++) await rig.breakOff(`${n}`, blob, 10)
  equal(readdirSync('/proc/self/fd').length, before)
})

test('BW-13: uploads under way cannot take more than the store has; those that broke off make room first', async () => {
  using rig = new Rig({ maxBytes: 600_000 })
  const { digest, bytes } = blob
  await rig.breakOff('old', blob, 300_000)
  using first = await rig.uploads.open('a', digest, 0)
  await first.append([bytes])
  equal(rig.uploads.receivedSize('old'), 0)
  using second = await rig.uploads.open('b', digest, 0)
  await second.append([bytes.subarray(0, 200_000)])
  await rejectsWith('resource-exhausted', second.append([bytes.subarray(200_000)]))
  await complete(new MemoryStore(), first)
  first[Symbol.dispose]()
  await second.append([bytes.subarray(200_000)])
  equal(Buffer.compare(await complete(new MemoryStore(), second), bytes), 0)
})

test('an upload whose blob came another way is forgotten, but never under the hands of who is at it', async () => {
  using rig = new Rig()
  const other = blobOf('other')
  await rig.breakOff('a', blob, 10)
  rig.uploads.drop('a')
  equal(rig.uploads.receivedSize('a'), 0)
  using upload = await rig.uploads.open('a', other.digest, 0)
  rig.uploads.drop('a')
  await upload.append([other.bytes])
  upload.finish()
})

test.run()
