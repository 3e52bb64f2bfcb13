import { equal, ok } from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { type ContentAddressableStorage, LocalStore, SharedStore } from '@gorego/core'
import { blobOfSize, rejectsWith, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import { channelEnds } from '../../test/channel-ends.js'
import { RemoteKeeper } from './remote-keeper.js'
import { serveKeeper } from './serve-keeper.js'

const BLOCK = 4096
const MAX_BLOCKS = 100

interface Rig extends Disposable {
  /** As a front end has it. */
  readonly shared: ContentAddressableStorage
  /** As the process behind the front ends has it. */
  readonly store: LocalStore
}

async function open(graceMs: number): Promise<Rig> {
  const directory = temporaryDirectory()
  const dir = join(directory.path, 'cache')
  const temporary = join(directory.path, 'front-end')
  mkdirSync(temporary)
  const maxBytes = MAX_BLOCKS * BLOCK
  const store = await LocalStore.open({ dir, maxBytes, graceMs })
  const keeper = serveKeeper(store, { spare: async () => false, lost() {} })
  const ends = await channelEnds(keeper.handlers)
  const shared = new SharedStore({ dir, temporary, maxBytes, keeper: new RemoteKeeper(ends.here, 'a disk', maxBytes) })
  return {
    shared,
    store,
    [Symbol.dispose]() {
      shared[Symbol.dispose]()
      ends[Symbol.dispose]()
      keeper[Symbol.dispose]()
      store[Symbol.dispose]()
      directory[Symbol.dispose]()
    },
  }
}

async function storeSmall(shared: ContentAddressableStorage, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    const { digest, bytes } = blobOfSize(BLOCK, n)
    await shared.write(digest, bytes)
  }
}

test('small blobs that a front end stores make older ones go, as large ones do', async () => {
  using rig = await open(0)
  await storeSmall(rig.shared, 3 * MAX_BLOCKS)
  ok(rig.store.evictions >= 2 * MAX_BLOCKS, `${rig.store.evictions} evictions`)
  ok(rig.store.usage.bytes <= (MAX_BLOCKS + 1) * BLOCK, `${rig.store.usage.bytes} bytes are used`)
})

test('small blobs that a front end would store are refused where nothing may go', async () => {
  using rig = await open(60_000)
  await rejectsWith('resource-exhausted', storeSmall(rig.shared, 3 * MAX_BLOCKS))
  equal(rig.store.evictions, 0)
  ok(rig.store.usage.bytes <= MAX_BLOCKS * BLOCK, `${rig.store.usage.bytes} bytes are used`)
})

test.run()
