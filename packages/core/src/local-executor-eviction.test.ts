// Of processes that share a root, one may evict what another relies on. Here that happens at each moment of an action's life.
import { equal, ok } from 'node:assert/strict'
import { existsSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { LocalStore } from './cas/index.js'
import { content } from './embed/inputs.js'
import { LocalExecutor } from './local-executor.js'
import { instead } from './testing/instead.js'
import { temporaryDirectory } from './testing/temporary-directory.js'

const action = {
  argv: ['/bin/sh', '-c', 'cat in d/deep; ./tool; echo made > out'],
  inputs: {
    in: content('an input, '),
    'd/deep': content('deep down, '),
    tool: content('#!/bin/sh\necho a tool\n', { executable: true }),
  },
  outputs: ['out'],
}
const PRINTED = 'an input, deep down, a tool\n'

/** What another process does that makes room. */
async function evictAll(root: string): Promise<void> {
  using store = await LocalStore.open({ dir: root, graceMs: 0 })
  await store.loaded
  while (await store.room.shrink(store.usage.maxBytes));
  equal(blobFiles(root), 0)
}

/** The same, without giving anybody else a turn. */
function evictAtOnce(root: string): void {
  rmSync(join(root, 'cas', 'sha256'), { recursive: true })
}

function blobFiles(root: string): number {
  const place = join(root, 'cas', 'sha256')
  if (!existsSync(place)) return 0
  return readdirSync(place, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
}

for (const what of ['get', 'adopt'] as const) {
  const when = { get: 'before its Action is read', adopt: 'when its outputs are stored, and not yet counted' }[what]
  test(`everything is evicted ${when}: the action runs all the same`, async () => {
    using directory = temporaryDirectory()
    await using executor = await LocalExecutor.open({ root: directory.path, concurrency: 1 })
    let evicted = 0
    const evictFirst = async () => {
      if (evicted++ === 0) await evictAll(directory.path)
    }
    using _ =
      what === 'get'
        ? instead(executor.localStore, 'get', async (get, ...args) => {
            await evictFirst()
            return await get(...args)
          })
        : instead(executor.localStore, 'adopt', async (adopt, ...args) => {
            await evictFirst()
            return await adopt(...args)
          })
    equal((await executor.run(action)).stdout, PRINTED)
    ok(evicted > 1)
  })
}

for (const stage of ['cache-check', 'queued', 'executing', 'completed'] as const) {
  test(`everything is evicted when the action is at ${stage}: it runs all the same`, async () => {
    using directory = temporaryDirectory()
    await using executor = await LocalExecutor.open({ root: directory.path, concurrency: 1 })
    let evictions = 0
    const onProgress = (progress: { readonly stage: string }) => {
      if (progress.stage === stage && evictions++ === 0) evictAtOnce(directory.path)
    }
    equal((await executor.run({ ...action, onProgress })).stdout, PRINTED)
    ok(evictions > 0)
  })
}

test('everything is evicted between the look at a cached result and its use: the action runs again', async () => {
  using directory = temporaryDirectory()
  await using executor = await LocalExecutor.open({ root: directory.path, concurrency: 1 })
  await executor.run(action)
  let evictions = 0
  const onProgress = ({ stage }: { readonly stage: string }) => {
    if (stage === 'completed' && evictions++ === 0) evictAtOnce(directory.path)
  }
  const result = await executor.run({ ...action, onProgress })
  ok(evictions > 1)
  equal(result.stdout, PRINTED)
  equal(result.cached, false)
})

test.run()
