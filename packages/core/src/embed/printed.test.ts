import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { Digest, emptyDigest, SHA256 } from '../digest/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { ActionResult } from '../proto/messages.js'
import { collect } from '../testing/index.js'
import { RunResult } from './run-result.js'

test('all that a command printed comes back as the bytes that they were, the text of it up to a limit', async () => {
  const cas = new MemoryStore()
  // 0xff is in no UTF-8 text.
  const printed = Buffer.alloc(17 * 1024 * 1024, Buffer.from([0xff, 0x61]))
  const digest = Digest.ofBytes(SHA256, printed)
  await cas.write(digest, printed)
  const message = new ActionResult().setStdoutDigest(toDigestMessage(digest)).setStderrRaw(Buffer.from([0xfe]))
  const result = await RunResult.read(emptyDigest(SHA256), message.serializeBinary(), false, cas)
  assert.ok(Buffer.from(await collect(result.printed('stdout'))).equals(printed))
  assert.equal([...(await collect(result.printed('stderr')))], [0xfe])
  assert.is(result.stdout.length, 16 * 1024 * 1024)
  assert.ok(result.stdout.startsWith('\uFFFDa\uFFFDa'))
  assert.is(result.stderr, '\uFFFD')
})

test('a command that printed nothing', async () => {
  const message = new ActionResult().setExitCode(1)
  const result = await RunResult.read(emptyDigest(SHA256), message.serializeBinary(), false, new MemoryStore())
  assert.equal([result.stdout, result.stderr, result.exitCode], ['', '', 1])
  assert.is((await collect(result.printed('stdout'))).length, 0)
})

test.run()
