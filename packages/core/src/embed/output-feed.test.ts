import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { emptyDigest, SHA256 } from '../digest/index.js'
import { ActionResult } from '../proto/messages.js'
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
