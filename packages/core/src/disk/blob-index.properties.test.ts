// Whatever is done to the index, it knows what a plain list knows, in the same order of use.
import { deepEqual, equal } from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { Digest, digestFunctions } from '../digest/index.js'
import { BlobIndex, blocks, type IndexEntry } from './blob-index.js'
import type { BlobVariant } from './store-layout.js'

/** The same without any cleverness. */
class PlainIndex {
  /** The least recently used one first. */
  entries: IndexEntry[] = []
  now = 0

  at(digest: Digest): IndexEntry | undefined {
    return this.entries.find((entry) => entry.digest.equals(digest))
  }

  load(digest: Digest, variant: BlobVariant): void {
    const entry = this.at(digest)
    if (entry !== undefined) this.entries[this.entries.indexOf(entry)] = { ...entry, [variant]: true }
    else {
      const nothing = { digest, plain: false, executable: false, usedAt: Number.NEGATIVE_INFINITY }
      this.entries.unshift({ ...nothing, [variant]: true })
    }
  }

  add(digest: Digest, variant: BlobVariant): void {
    this.load(digest, variant)
    this.use(digest)
  }

  touch(digest: Digest): boolean {
    if (this.at(digest)?.plain !== true) return false
    this.use(digest)
    return true
  }

  remove(digest: Digest): boolean {
    const before = this.entries.length
    this.entries = this.entries.filter((entry) => !entry.digest.equals(digest))
    return this.entries.length < before
  }

  get bytes(): number {
    const files = (entry: IndexEntry) => Number(entry.plain) + Number(entry.executable)
    return this.entries.reduce((sum, entry) => sum + blocks(entry.digest.sizeBytes) * files(entry), 0)
  }

  private use(digest: Digest): void {
    const entry = this.at(digest) as IndexEntry
    this.remove(digest)
    this.entries.push({ ...entry, usedAt: this.now })
  }
}

/** All of them begin alike, and many have the same second word: they want the same place. */
const digests = fc
  .tuple(
    fc.constantFrom(...digestFunctions),
    fc.constantFrom('0', '5', 'f'),
    fc.nat(20),
    fc.constantFrom(0, 1, 4096, 2 ** 32, 2 ** 50),
  )
  .map(([fn, middle, n, size]) => {
    const hash = `a0${middle.repeat(fn.hashLength - 4)}${n.toString(16).padStart(2, '0')}`
    return Digest.of(fn, hash, size)
  })
const variants = fc.constantFrom<BlobVariant>('plain', 'plain', 'executable')
const steps = fc.oneof(
  fc.record({ do: fc.constantFrom('add', 'add', 'load'), digest: digests, variant: variants }),
  fc.record({ do: fc.constantFrom('touch', 'remove', 'evict', 'wait'), digest: digests }),
)

test('BR-10: an index of numbers does what a list of objects does', () => {
  void fc.assert(
    fc.property(fc.array(steps, { maxLength: 300, size: 'max' }), (run) => {
      const plain = new PlainIndex()
      const index = new BlobIndex(() => plain.now)
      for (const step of run) {
        const { digest } = step
        if ('variant' in step) {
          const how = step.do === 'load' ? 'load' : 'add'
          plain[how](digest, step.variant)
          index[how](digest, step.variant)
        } else if (step.do === 'touch') equal(index.touch(digest), plain.touch(digest))
        else if (step.do === 'remove') equal(index.remove(digest), plain.remove(digest))
        else if (step.do === 'wait') plain.now++
        else if (plain.entries[0] !== undefined) {
          plain.remove(plain.entries[0].digest)
          index.remove((index.oldest() as IndexEntry).digest)
        }
        equal(index.has(digest), plain.at(digest)?.plain === true)
        equal(index.usedAt(digest), plain.at(digest)?.usedAt)
        equal(index.size, plain.entries.length)
        equal(index.bytes, plain.bytes)
        deepEqual(index.oldest(), plain.entries[0])
      }
      deepEqual(drained(index), plain.entries)
    }),
    { numRuns: 300 },
  )
})

test('a hundred thousand blobs, of which half go and come again', () => {
  const index = new BlobIndex(() => 0)
  const [sha256, , , sha512] = digestFunctions as [Fn, Fn, Fn, Fn]
  // Numbers by a multiplication that hits each once: scattered, and the same every time.
  const digest = (n: number) => {
    const fn = n % 3 === 0 ? sha512 : sha256
    const scattered = (Math.imul(n, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')
    return Digest.of(fn, scattered.repeat(fn.hashLength / 8), n)
  }
  const count = 100_000
  for (let n = 0; n < count; n++) index.add(digest(n), 'plain')
  for (let n = 0; n < count; n += 2) equal(index.remove(digest(n)), true)
  for (let n = 0; n < count; n++) equal(index.has(digest(n)), n % 2 === 1)
  for (let n = 0; n < count; n += 2) index.add(digest(n), 'plain')
  equal(index.size, count)
  const order = drained(index).map((entry) => entry.digest.sizeBytes)
  const odd = Array.from({ length: count / 2 }, (_, n) => 2 * n + 1)
  deepEqual(order, [...odd, ...odd.map((n) => n - 1)])
  equal(index.bytes, 0)
})

type Fn = (typeof digestFunctions)[number]

/** Everything that is in it, the least recently used first; then it is empty. */
function drained(index: BlobIndex): IndexEntry[] {
  const entries: IndexEntry[] = []
  for (let oldest = index.oldest(); oldest !== undefined; oldest = index.oldest()) {
    entries.push(oldest)
    index.remove(oldest.digest)
  }
  return entries
}

test.run()
