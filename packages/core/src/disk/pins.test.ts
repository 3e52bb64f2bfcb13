import { deepEqual, equal, notEqual, ok } from 'node:assert/strict'
import { test } from 'uvu'
import type { Digest } from '../digest/index.js'
import { blobOf } from '../testing/index.js'
import { BlobIndex } from './blob-index.js'
import { Pins } from './pins.js'

const [a, b, c] = ['a', 'b', 'c'].map((text) => blobOf(text).digest) as [Digest, Digest, Digest]

/** An index with three blobs, of which pins are to keep some; a time that a test moves. */
function rig() {
  const state = { time: 1000 }
  const now = () => state.time
  const index = new BlobIndex(now)
  for (const digest of [a, b, c]) index.add(digest, 'plain')
  return { state, index, pins: new Pins({ index, now }) }
}

test('without pins nothing is to be waited for', () => {
  const { pins } = rig()
  equal(pins.renewal(0), undefined)
  const pin = pins.add(async () => {})
  notEqual(pins.renewal(0), undefined)
  pin[Symbol.dispose]()
  equal(pins.renewal(5000), undefined)
})

test('what is pinned is used by the time that something may go, and the rest may', async () => {
  const { state, index, pins } = rig()
  pins.add(async () => void index.touch(a))
  state.time = 2000
  await pins.renewal(1000)
  equal(index.oldest()?.digest.key, b.key)
  equal(pins.renewal(1000), undefined)
  index.remove(b)
  equal(pins.renewal(1000), undefined)
  index.remove(c)
  ok(pins.renewal(1000) !== undefined, 'all that is left was used since')
})

test('nobody is asked again for what lapsed before, and everybody for what has lapsed since', async () => {
  const { state, index, pins } = rig()
  const asked: number[] = []
  pins.add(async () => void asked.push(state.time))
  state.time = 2000
  await pins.renewal(1500)
  equal(pins.renewal(1999), undefined)
  equal(pins.renewal(2000), undefined)
  state.time = 3000
  await pins.renewal(2001)
  deepEqual(asked, [2000, 3000])
  equal(index.hasMarked, true)
})

test('who comes while pins are renewed waits for that; whoever cannot say what it needs keeps nothing', async () => {
  const { pins } = rig()
  pins.add(() => Promise.reject(new Error('the disk is on fire')))
  let asked = 0
  pins.add(async () => void asked++)
  const first = pins.renewal(0)
  equal(pins.renewal(0), first)
  await first
  equal(asked, 1)
  equal(pins.renewal(0), undefined)
})

test.run()
