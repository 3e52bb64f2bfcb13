// What becomes of an action whose outputs the cache cannot keep.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryActionCache } from '../action-cache/index.js'
import { LocalStore } from '../cas/index.js'
import { buildAction } from '../testing/action-builder.js'
import { blobOf } from '../testing/blobs.js'
import { HANG_BOUND_MS } from '../testing/hang-bound.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { WorkerRig } from '../testing/worker-rig.js'
import { LocalWorker } from './local-worker.js'

const KIB = 1024

/** As if somebody else's write had evicted what a runner has just put in place, so many times. */
function evictOutputs(store: LocalStore, times: number): void {
  const adopt = store.adopt.bind(store)
  let left = times
  store.adopt = async (added) => {
    if (left-- > 0) for (const { digest } of added) store.discard(digest)
    return await adopt(added)
  }
}

test('OR-05: an action whose outputs were evicted before they were counted is run again', async () => {
  using notes = temporaryDirectory()
  await using rig = await WorkerRig.open()
  const runs = join(notes.path, 'runs')
  evictOutputs(rig.store, 1)
  const { outcome, result } = await rig.sh(`echo x >> ${runs}; echo made > out`, { outputPaths: ['out'] })
  assert.is(outcome.failure, undefined)
  assert.is(await rig.text(result.getOutputFilesList()[0]?.getDigest()), 'made\n')
  assert.is(readFileSync(runs, 'utf8'), 'x\nx\n')
})

test('OR-05: and fails when that happens again', async () => {
  await using rig = await WorkerRig.open()
  evictOutputs(rig.store, 2)
  const { action, outcome } = await rig.sh('echo made > out', { outputPaths: ['out'] })
  assert.is(outcome.failure?.code, 'resource-exhausted')
  assert.is(outcome.failure?.details[0]?.kind, 'retry-after')
  assert.is(await rig.cache.get({ instance: '', action: action.digest }), undefined)
})

test('outputs for which there is no room, and may be none made, fail the action and are dropped', async () => {
  using directory = temporaryDirectory()
  using store = await LocalStore.open({ dir: directory.path, maxBytes: 64 * KIB })
  const actionCache = new MemoryActionCache()
  await using worker = new LocalWorker({ store, actionCache, slots: 1 })
  const execute = async (script: string) => {
    const action = buildAction({ argv: ['/bin/sh', '-c', script], outputPaths: ['out'] })
    await action.upload(store)
    const run = {
      instance: '',
      action: action.digest,
      doNotCache: false,
      timeoutMs: HANG_BOUND_MS,
      queuedAt: Date.now(),
    }
    return { action, outcome: await worker.execute(run, new AbortController().signal) }
  }
  const { action, outcome } = await execute('head -c 100000 /dev/zero > out')
  assert.is(outcome.failure?.code, 'resource-exhausted')
  assert.is(outcome.failure?.details[0]?.kind, 'retry-after')
  assert.match(outcome.failure?.message ?? '', 'what the action made does not fit')
  assert.is(existsSync(store.layout.blob(blobOf(Buffer.alloc(100_000)).digest)), false)
  assert.is(await actionCache.get({ instance: '', action: action.digest }), undefined)
  assert.is((await execute('echo small > out')).outcome.failure, undefined)
})

test.run()
