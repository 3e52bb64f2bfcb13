import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { ActionResult, Directory, FileNode, OutputDirectory, Tree } from '../proto/messages.js'
import { blobOf } from '../testing/blobs.js'
import { instead } from '../testing/instead.js'
import { compareOutputs } from './compare-outputs.js'
import { RunResult } from './run-result.js'

const cas = new MemoryStore()
const action = blobOf('action').digest

const read = async (message: ActionResult) => await RunResult.read(action, message.serializeBinary(), false, cas)

async function stored(bytes: Uint8Array) {
  const { digest } = blobOf(bytes)
  await cas.write(digest, bytes)
  return toDigestMessage(digest)
}

const printed = async (text: string | Buffer, inline = true) => {
  const bytes = Buffer.from(text as string)
  return await read(
    inline ? new ActionResult().setStdoutRaw(bytes) : new ActionResult().setStdoutDigest(await stored(bytes)),
  )
}

test('of what was printed, the place is told, and a little of what follows', async () => {
  const long = 'é'.repeat(100_000)
  for (const inline of [true, false]) {
    const [first, second] = [await printed(`${long}1${long}`, inline), await printed(`${long}2`, inline)]
    const [difference, ...others] = await compareOutputs(first, second, { cas })
    assert.equal(others, [])
    assert.equal([difference?.subject, difference?.offset, difference?.second], ['stdout', 200_000, '"2"'])
    assert.match(difference?.first ?? '', /^"1é+.?" …$/u)
    assert.ok((difference?.first ?? '').length < 200)
    assert.equal(await compareOutputs(first, first, { cas }), [])
  }
})

test('where one printed more than the other, the place is its end', async () => {
  const differences = await compareOutputs(await printed('a'), await printed('ab'), { cas })
  assert.equal(differences, [{ subject: 'stdout', first: '""', second: '"b"', offset: 1 }])
})

test('what was printed is compared as bytes: also what is no UTF-8, and what is beyond the text that is kept', async () => {
  const differences = async (bytes: readonly Buffer[], inline: boolean) => {
    const [first, second] = await Promise.all(bytes.map((each) => printed(each, inline)))
    return await compareOutputs(first as RunResult, second as RunResult, { cas })
  }
  const noText = [Buffer.from([0x61, 0x80, 0x0a]), Buffer.from([0x61, 0xff, 0x0a])]
  for (const inline of [true, false])
    assert.equal(await differences(noText, inline), [
      { subject: 'stdout', first: 'bytes 80 0a', second: 'bytes ff 0a', offset: 1 },
    ])
  const long = [1, 2].map((last) => Buffer.concat([Buffer.alloc(17 * 1024 * 1024, 'a'), Buffer.from(`${last}`)]))
  assert.equal(await differences(long, false), [
    { subject: 'stdout', first: '"1"', second: '"2"', offset: 17 * 1024 * 1024 },
  ])
})

test('what was printed is the same in the result and in a blob; a blob that both have is not read', async () => {
  const [inline, blob] = [await printed('text'), await printed('text', false)]
  assert.equal(await compareOutputs(inline, blob, { cas }), [])
  const again = await printed('text', false)
  using _ = instead(cas, 'read', () => {
    throw new Error('it is read')
  })
  assert.equal(await compareOutputs(blob, again, { cas }), [])
})

test('a directory is looked into, unless its Tree is larger than it may be', async () => {
  const directory = async (content: string) => {
    const file = new FileNode().setName('f').setDigest(await stored(Buffer.from(content)))
    const tree = new Tree().setRoot(new Directory().setFilesList([file]))
    const treeDigest = await stored(tree.serializeBinary())
    return await read(
      new ActionResult().setOutputDirectoriesList([new OutputDirectory().setPath('d').setTreeDigest(treeDigest)]),
    )
  }
  const [first, second] = [await directory('one'), await directory('two')]
  const inside = await compareOutputs(first, second, { cas })
  assert.equal(
    inside.map(({ subject, offset }) => [subject, offset]),
    [['d/f', 0]],
  )
  const whole = await compareOutputs(first, second, { cas, maxTreeBytes: 10 })
  assert.equal(
    whole.map(({ subject }) => subject),
    ['d'],
  )
  assert.match(whole[0]?.first ?? '', /^directory, tree [0-9a-f]{64}\/\d+$/)
})

test.run()
