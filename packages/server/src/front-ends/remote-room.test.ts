import { equal } from 'node:assert/strict'
import { LocalStore } from '@gorego/core'
import { rejectsWith, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import { channelEnds } from '../../test/channel-ends.js'
import type { Handler } from './channel.js'
import { RemoteRoom } from './remote-room.js'
import { serveKeeper } from './serve-keeper.js'

const KIB = 1024
const MIB = 1024 * KIB

interface Rig extends Disposable {
  readonly room: RemoteRoom
  /** The methods that were called, in order. */
  readonly asked: string[]
  /** What the store counts as taken. */
  taken(): number
  /** How many uploads that broke off there are to give up, of 1 MiB each. */
  spares: number
  /** The front end is gone. */
  die(): void
}

async function open(maxBytes: number): Promise<Rig> {
  const directory = temporaryDirectory()
  const store = await LocalStore.open({ dir: directory.path, maxBytes })
  const asked: string[] = []
  const kept = store.room.reservation()
  const keeper = serveKeeper(store, {
    async spare() {
      if (rig.spares === 0) return false
      kept.shrink(--rig.spares * MIB)
      return true
    },
    lost() {},
  })
  const noted = ([name, handler]: [string, Handler]): [string, Handler] => [
    name,
    (message, call) => {
      asked.push(name)
      return handler(message, call)
    },
  ]
  const ends = await channelEnds(Object.fromEntries(Object.entries(keeper.handlers).map(noted)))
  const rig: Rig = {
    room: new RemoteRoom(ends.here, 'a disk', maxBytes),
    asked,
    taken: () => store.usage.bytes,
    spares: 0,
    die: () => keeper[Symbol.dispose](),
    [Symbol.dispose]() {
      ends[Symbol.dispose]()
      keeper[Symbol.dispose]()
      store[Symbol.dispose]()
      directory[Symbol.dispose]()
    },
  }
  if (maxBytes >= 4 * MIB) return rig
  rig.spares = 2
  await kept.grow(2 * MIB)
  return rig
}

test('most small uploads find room without asking, and leave little taken', async () => {
  using rig = await open(4096 * MIB)
  for (let n = 0; n < 500; n++) {
    using room = rig.room.reservation()
    await room.grow(10 * KIB)
    equal(room.bytes, 12 * KIB)
  }
  const asked = rig.asked.filter((name) => name === 'reserve').length
  equal(asked, Math.ceil((500 * 12 * KIB) / MIB))
  // Calls are served in order: when this one is answered, what was told before has been heard.
  await rig.room.shrink(1)
  if (rig.taken() > 2 * MIB) throw new Error(`${rig.taken()} are taken, and no upload has any`)
})

test('a large upload asks for what it needs, and gives all of it back', async () => {
  using rig = await open(4096 * MIB)
  {
    using room = rig.room.reservation()
    await room.grow(10 * MIB)
    await room.grow(5 * MIB)
    equal(rig.taken(), 10 * MIB)
    room.shrink(9 * MIB)
    equal(room.bytes, 9 * MIB)
  }
  // Calls are served in order: when this one is answered, what was told before has been heard.
  await rig.room.shrink(1)
  equal(rig.taken(), 0)
})

test('many who ask at once get room for each, and none gets that of another', async () => {
  using rig = await open(4096 * MIB)
  const rooms = Array.from({ length: 20 }, () => rig.room.reservation())
  await Promise.all(rooms.map((room) => room.grow(300 * KIB)))
  const held = rooms.reduce((sum, room) => sum + room.bytes, 0)
  equal(held, 20 * 300 * KIB)
  if (rig.taken() < held) throw new Error(`${rig.taken()} are taken, where ${held} are held`)
})

test('BW-13: what broke off elsewhere goes first; then whoever wants more is refused, and keeps what he has', async () => {
  using rig = await open(3 * MIB)
  using room = rig.room.reservation()
  await room.grow(2 * MIB)
  equal(rig.spares, 1)
  await rejectsWith('resource-exhausted', room.grow(4 * MIB))
  equal(rig.spares, 0)
  equal(room.bytes, 2 * MIB)
  await room.grow(3 * MIB)
})

test('a front end that is gone has no room', async () => {
  using rig = await open(4096 * MIB)
  await rig.room.reservation().grow(10 * MIB)
  rig.die()
  equal(rig.taken(), 0)
})

test.run()
