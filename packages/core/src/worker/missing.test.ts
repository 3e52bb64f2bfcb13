import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { buildAction } from '../testing/action-builder.js'
import { WorkerRig } from '../testing/worker-rig.js'

const digestOf = (text: string) => Digest.ofBytes(SHA256, Buffer.from(text))
const blobs = new Map(['one', 'two'].map((text) => [digestOf(text).key, Buffer.from(text)]))
const asked: string[][] = []
let fails: Error | undefined

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({
    async fetchMissing(digests) {
      asked.push(digests.map((digest) => digest.key))
      if (fails !== undefined) throw fails
      const found = digests.filter((digest) => blobs.has(digest.key))
      for (const digest of found) await rig.store.write(digest, blobs.get(digest.key) ?? Buffer.alloc(0))
      return digests.filter((digest) => !blobs.has(digest.key))
    },
  })
})
test.before.each(() => {
  asked.length = 0
  fails = undefined
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

test('what the store lacks is fetched once, and the action runs', async () => {
  const action = buildAction({ argv: ['/bin/cat', 'a', 'b'], inputs: { a: 'one', b: 'two' } })
  await action.upload(rig.store, { except: [digestOf('one'), digestOf('two')] })
  let freed = 0
  const { outcome, stdout } = await rig.execute(action, false, { onFreed: () => void freed++ })
  assert.is(outcome.failure, undefined)
  assert.is(stdout, 'onetwo')
  // Not while it was to run again with what was fetched.
  assert.is(freed, 1)
  assert.equal(
    asked.map((keys) => keys.sort()),
    [[digestOf('one').key, digestOf('two').key].sort()],
  )
})

test('what only a fetched Directory leads to is fetched as well', async () => {
  const action = buildAction({
    argv: ['/bin/cat', 'd/e/f'],
    inputs: { d: { directory: { e: { directory: { f: 'deep' } } } } },
  })
  for (const { digest, bytes } of action.blobs) blobs.set(digest.key, Buffer.from(bytes))
  const { outcome, stdout } = await rig.execute(action)
  assert.is(outcome.failure, undefined)
  assert.is(stdout, 'deep')
})

test('EX-06 what cannot be fetched either is named, and only that', async () => {
  const action = buildAction({ argv: ['/bin/cat', 'a', 'c'], inputs: { a: 'one', c: 'three', d: 'four' } })
  await action.upload(rig.store, { except: [digestOf('three'), digestOf('four')] })
  const { outcome } = await rig.execute(action)
  assert.is(outcome.failure?.code, 'failed-precondition')
  const [detail] = outcome.failure?.details ?? []
  assert.ok(detail?.kind === 'missing-blobs')
  assert.equal([...detail.subjects].sort(), ['three', 'four'].map((text) => `blobs/${digestOf(text)}`).sort())
  assert.is(asked.length, 1)
})

test('a fetch that fails is told as it failed, and the slot is free again', async () => {
  const action = buildAction({ argv: ['/bin/cat', 'e'], inputs: { e: 'five' } })
  await action.upload(rig.store, { except: [digestOf('five')] })
  fails = new GoregoError('unavailable', 'the backing cache is away')
  try {
    await rig.execute(action)
    assert.unreachable()
  } catch (error) {
    assert.is(error, fails)
  }
  assert.is((await rig.sh('echo free')).stdout, 'free\n')
})

test('a result that cannot be kept is a result all the same', async () => {
  const { put } = rig.cache
  rig.cache.put = async () => {
    throw new GoregoError('resource-exhausted', 'no space left')
  }
  const { outcome, stdout } = await rig.sh('echo kept nowhere')
  rig.cache.put = put
  assert.is(outcome.failure, undefined)
  assert.is(stdout, 'kept nowhere\n')
})

test.run()
