import { setImmediate as nextTurn } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { emptyDigest, SHA256 } from '../digest/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { ActionResult } from '../proto/messages.js'
import { blobOf } from '../testing/blobs.js'
import { instead } from '../testing/instead.js'
import { deferred } from '../worker/deferred.js'
import { OutputFeed } from './output-feed.js'
import { RunResult } from './run-result.js'

const piece = (offset: number, text: string, stream: 'stdout' | 'stderr' = 'stdout') => ({
  ...{ stream, offset },
  bytes: Buffer.from(text),
})

const printed = (stdout: string, stderr = '') =>
  RunResult.read(
    emptyDigest(SHA256),
    new ActionResult().setStdoutRaw(Buffer.from(stdout)).setStderrRaw(Buffer.from(stderr)).serializeBinary(),
    false,
    new MemoryStore(),
  )

test('what comes again is handed over once, and what never came at the end', async () => {
  const heard: string[] = []
  const feed = new OutputFeed((chunk, stream) => void heard.push(`${stream} ${Buffer.from(chunk)}`))
  for (const one of [piece(0, 'ab'), piece(0, 'e', 'stderr'), piece(0, 'ab'), piece(1, 'bcd'), piece(9, 'gap')])
    await feed.take(one)
  assert.equal(heard, ['stdout ab', 'stderr e', 'stdout cd'])
  await feed.finish(await printed('abcdefghigap', 'e'))
  assert.equal(heard.slice(3), ['stdout efghigap'])
})

test('what comes while the listener is busy waits', async () => {
  const gate = deferred<void>()
  const heard: string[] = []
  const feed = new OutputFeed(async (chunk) => {
    heard.push(Buffer.from(chunk).toString())
    await gate.promise
  })
  const both = [feed.take(piece(0, 'a')), feed.take(piece(1, 'b'))]
  const finished = feed.finish(await printed('abc'))
  assert.equal(heard, ['a'])
  gate.resolve()
  await Promise.all([...both, finished])
  assert.equal(heard.join(''), 'abc')
})

test('no chunk comes while the listener has another, whatever waits when it comes to the end', async () => {
  let [at, most, heard] = [0, 0, '']
  const feed = new OutputFeed(async (chunk) => {
    most = Math.max(most, ++at)
    await nextTurn()
    heard += Buffer.from(chunk)
    at--
  })
  const waiting = [piece(0, 'a'), piece(1, 'b'), piece(0, 'abcd'), piece(4, 'e')].map((one) => feed.take(one))
  const finished = feed.finish(await printed('abcdef', 'complaint'))
  const late = [feed.take(piece(0, 'abcdef')), feed.take(piece(0, 'complaint', 'stderr'))]
  await Promise.all([...waiting, finished, ...late])
  assert.equal([heard, most, at], ['abcdefcomplaint', 1, 0])
})

test('an end that fails can be come to again, with what was made anew in between', async () => {
  const heard: string[] = []
  const feed = new OutputFeed((chunk) => void heard.push(Buffer.from(chunk).toString()))
  await feed.take(piece(0, 'a'))
  const lost = blobOf('abc')
  const message = new ActionResult().setStdoutDigest(toDigestMessage(lost.digest))
  const cas = new MemoryStore()
  await cas.write(lost.digest, lost.bytes)
  const result = await RunResult.read(emptyDigest(SHA256), message.serializeBinary(), false, cas)
  using _ = instead(cas, 'read', () => {
    throw new Error('gone')
  })
  assert.is((await feed.finish(result).catch((error) => error)).message, 'gone')
  await feed.take(piece(0, 'ab'))
  await feed.finish(await printed('abc'))
  assert.equal(heard, ['a', 'b', 'c'])
})

test('after it has thrown, a listener hears nothing more', async () => {
  const own = new Error('of the listener')
  const heard: string[] = []
  const thrown: unknown[] = []
  const feed = new OutputFeed((chunk) => {
    heard.push(Buffer.from(chunk).toString())
    throw own
  })
  feed.onThrown((error) => thrown.push(error))
  await feed.take(piece(0, 'a'))
  await feed.take(piece(1, 'b'))
  assert.is(await feed.finish(await printed('abc')).catch((error) => error), own)
  assert.equal([heard, thrown], [['a'], [own]])
})

test.run()
