import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { Digest, SHA256 } from '../digest/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Directory, FileNode } from '../proto/messages.js'
import { WorkerRig } from '../testing/worker-rig.js'
import { NearestSlot } from './nearest-slot.js'

const cas = new MemoryStore()

async function root(...files: string[]): Promise<Digest> {
  const message = new Directory()
  for (const name of files) {
    const digest = Digest.ofBytes(SHA256, Buffer.from(name))
    message.addFiles(new FileNode().setName(name).setDigest(toDigestMessage(digest)))
  }
  const bytes = message.serializeBinary()
  const digest = Digest.ofBytes(SHA256, bytes)
  await cas.write(digest, bytes)
  return digest
}

const slot = (name: string, inputRoot?: Digest, restoring = false) => ({ name, inputRoot, restoring })

test('the slot with the same root is taken, else the one that shares the most, else the last', async () => {
  const [abc, abd, xyz, nothing] = await Promise.all([
    root('a', 'b', 'c'),
    root('a', 'b', 'd'),
    root('x', 'y', 'z'),
    root(),
  ])
  const slots = () => [slot('new'), slot('abc', abc), slot('xyz', xyz), slot('nothing', nothing), slot('also new')]
  const nearest = new NearestSlot(cas)
  const taken = async (wanted: Digest | undefined) => (await nearest.take(slots(), wanted))?.name
  assert.is(await taken(xyz), 'xyz')
  assert.is(await taken(nothing), 'nothing')
  assert.is(await taken(abd), 'abc')
  assert.is(await taken(await root('y')), 'xyz')
  assert.is(await taken(await root('q')), 'also new')
  assert.is(await taken(undefined), 'also new')
  const absent = Digest.ofBytes(SHA256, Buffer.from('nobody has this'))
  assert.is(await taken(absent), 'also new')
  assert.is(await nearest.take([], abc), undefined)
})

test('among equally near ones, one that has to be waited for comes after those that need not', async () => {
  const [same, other] = [await root('same'), await root('other')]
  const nearest = new NearestSlot(cas)
  const free = [slot('ready', same), slot('restoring', same, true), slot('other', other), slot('idle')]
  const taken = []
  while (free.length > 0) taken.push((await nearest.take(free, same))?.name)
  assert.equal(taken, ['ready', 'restoring', 'idle', 'other'])
})

test('two calls at a time never get the same slot', async () => {
  const nearest = new NearestSlot(cas)
  const free = [slot('one', await root('1')), slot('two', await root('2'))]
  const wanted = await root('3')
  const taken = await Promise.all([1, 2, 3].map(() => nearest.take(free, wanted)))
  assert.equal(taken.map((each) => each?.name ?? '-').sort(), ['-', 'one', 'two'])
})

test('actions of two trees that take turns come to the slots that have them', async () => {
  await using rig = await WorkerRig.open({ slots: 2 })
  const tree = (name: string, n: number) => ({ inputs: { [`${name}-1`]: '1', [`${name}-2`]: '2', n: String(n) } })
  // Both at a time, so that each slot gets one of them.
  await Promise.all([rig.sh('sleep 0.2', tree('a', 0)), rig.sh('sleep 0.2', tree('b', 0))])
  const inodes = async (name: string, n: number) =>
    (await rig.sh(`stat -c %d:%i . ${name}-1`, tree(name, n))).stdout.split('\n')
  const [a, b] = [await inodes('a', 1), await inodes('b', 1)]
  assert.is.not(a[0], b[0])
  for (let n = 2; n < 5; n++) {
    assert.is((await inodes('b', n))[0], b[0])
    assert.is((await inodes('a', n))[0], a[0])
  }
})

test.run()
