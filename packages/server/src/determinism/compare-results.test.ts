import { MemoryStore, reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareResults } from './compare-results.js'

const cas = new MemoryStore()
const action = blobOf('action').digest

const compared = async (first: reapi.ActionResult, second: reapi.ActionResult) =>
  await compareResults(action, [first.serializeBinary(), second.serializeBinary()], cas, new AbortController().signal)

const result = (mtime = 0) => {
  const { digest } = blobOf('content')
  const properties = new reapi.NodeProperties().setMtime(reapi.timestampFromMillis(mtime))
  const file = new reapi.OutputFile()
    .setPath('out')
    .setDigest(new reapi.Digest().setHash(digest.hash).setSizeBytes(digest.sizeBytes))
    .setNodeProperties(properties)
  return new reapi.ActionResult().setOutputFilesList([file])
}

test('results that differ in nothing but who ran them and when are the same', async () => {
  const at = (ms: number) =>
    result().setExecutionMetadata(
      new reapi.ExecutedActionMetadata().setWorker(`${ms}`).setExecutionStartTimestamp(reapi.timestampFromMillis(ms)),
    )
  assert.equal(await compared(at(1), at(2)), [])
})

test('what is printed differs though it is no text', async () => {
  const printed = (...bytes: number[]) => result().setStdoutRaw(Buffer.from(bytes))
  const differences = await compared(printed(0x80), printed(0xff))
  assert.equal(differences, [{ subject: 'stdout', first: 'bytes 80', second: 'bytes ff', offset: 0 }])
})

test('results whose fields differ are never the same, whatever the fields say', async () => {
  assert.equal(
    (await compared(result(1000), result(2000))).map(({ subject }) => subject),
    ['field 2 of the result'],
  )
  const unknown = (value: number) => Buffer.concat([result().serializeBinary(), Buffer.from([0xf8, 0x3f, value])])
  const differences = await compareResults(action, [unknown(1), unknown(2)], cas, new AbortController().signal)
  assert.equal(differences, [{ subject: 'field 1023 of the result', first: '1', second: '2' }])
  const one = await compareResults(action, [unknown(1), result().serializeBinary()], cas, new AbortController().signal)
  assert.equal(one, [{ subject: 'field 1023 of the result', first: '1', second: 'nothing' }])
})

test.run()
