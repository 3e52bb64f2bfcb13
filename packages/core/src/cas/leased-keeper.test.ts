import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import type { Digest } from '../digest/index.js'
import { blobOf } from '../testing/index.js'
import { LeasedKeeper } from './leased-keeper.js'
import type { StoreKeeper } from './store-keeper.js'

const LEASE_MS = 900

/** A keeper that has what a test says, and how often it was asked about each. */
class Asked {
  readonly present = new Set<string>()
  readonly questions: string[] = []
  now = 0
  answer: Promise<void> = Promise.resolve()
  readonly leased: LeasedKeeper

  constructor() {
    const keeper: Pick<StoreKeeper, 'findMissing' | 'lookAgain'> = {
      findMissing: async (digests) => {
        this.questions.push(...digests.map((digest) => digest.key))
        const missing = digests.filter((digest) => !this.present.has(digest.key))
        await this.answer
        return missing
      },
      lookAgain: async () => {},
    }
    this.leased = new LeasedKeeper(keeper as StoreKeeper, LEASE_MS, () => this.now)
  }

  /** How many questions it took. */
  async find(...digests: Digest[]): Promise<number> {
    const before = this.questions.length
    const missing = await this.leased.findMissing(digests)
    deepEqual(
      missing,
      digests.filter((digest) => !this.present.has(digest.key)),
    )
    return this.questions.length - before
  }
}

const [a, b] = [blobOf('a').digest, blobOf('b').digest]

test('what is there is asked for once a lease, what is not each time', async () => {
  const asked = new Asked()
  asked.present.add(a.key)
  equal(await asked.find(a, b), 2)
  equal(await asked.find(a, b), 1)
  asked.present.add(b.key)
  equal(await asked.find(a, b), 1)
  equal(await asked.find(a, b), 0)
})

test('no answer is used for longer than a lease after the question, however often', async () => {
  for (const begun of [0, 100, 299, 300, 450, 899]) {
    const asked = new Asked()
    asked.present.add(a.key)
    asked.now = begun
    await asked.find(a)
    let used = 0
    for (; asked.now < begun + 3 * LEASE_MS && (await asked.find(a)) === 0; asked.now++) used++
    if (used < LEASE_MS / 3 || used > LEASE_MS) throw new Error(`asked at ${begun}, used for ${used} ms`)
  }
})

test('an answer that was long in coming, or overtaken by a loss, is used once', async () => {
  const asked = new Asked()
  asked.present.add(a.key)
  for (const meanwhile of [() => (asked.now += LEASE_MS / 3), () => asked.leased.forget()]) {
    let come = () => {}
    asked.answer = new Promise((resolve) => {
      come = resolve
    })
    const question = asked.find(a)
    meanwhile()
    come()
    equal(await question, 1)
    equal(await asked.find(a), 1)
    asked.leased.forget()
  }
})

test('whoever does not find a blob makes all be asked for again', async () => {
  const asked = new Asked()
  asked.present.add(a.key).add(b.key)
  await asked.find(a, b)
  await asked.leased.lookAgain([a])
  equal(await asked.find(a, b), 2)
})

test.run()
