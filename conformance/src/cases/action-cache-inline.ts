import { emptyDigest, reapi, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import {
  digestMessage,
  getResult,
  getResultRequest,
  outputFile,
  paths,
  resultOf,
  store,
  storedAction,
  text,
  updateResult,
  upload,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const inlining = new Cases()
const { test } = inlining

const CLIENTS_RECEIVE = 4 * 1024 * 1024

/** A stored result with two files, an empty one, and both streams. */
async function sample(t: Tester) {
  const key = (await storedAction(t.client, t.unique())).digest
  const blobs = { a: t.blob('contents of a'), b: t.blob('contents of b'), out: t.blob('out'), err: t.blob('err') }
  await store(t.client, ...Object.values(blobs))
  const result = resultOf(
    outputFile('dir/a', blobs.a),
    outputFile('b', blobs.b),
    outputFile('empty', { digest: emptyDigest(SHA256) }),
  )
  await updateResult(
    t.client,
    key,
    result.setStdoutDigest(digestMessage(blobs.out.digest)).setStderrDigest(digestMessage(blobs.err.digest)),
  )
  return { ...blobs, key }
}

const contents = (result: reapi.ActionResult) =>
  Object.fromEntries(result.getOutputFilesList().map((file) => [file.getPath(), text(file.getContents_asU8())]))

test('AC-05: nothing is inlined unless asked for', async (t) => {
  const { key } = await sample(t)
  const result = await getResult(t.client, key)
  assert.is(result.getStdoutRaw_asU8().length + result.getStderrRaw_asU8().length, 0)
  assert.equal(contents(result), { 'dir/a': '', b: '', empty: '' })
})

test('AC-06: what is asked for is inlined where it is small', async (t) => {
  const { key, a, out, err } = await sample(t)
  const request = getResultRequest(t.client, key).setInlineOutputFilesList(['dir/a'])
  const result = await getResult(t.client, request.setInlineStdout(true).setInlineStderr(true))
  assert.is(text(result.getStdoutRaw_asU8()), text(out.bytes))
  assert.is(text(result.getStderrRaw_asU8()), text(err.bytes))
  assert.equal(contents(result), { 'dir/a': text(a.bytes), b: '', empty: '' })
})

test('AC-06, AC-05: each stream for itself', async (t) => {
  const { key, err } = await sample(t)
  const result = await getResult(t.client, getResultRequest(t.client, key).setInlineStderr(true))
  assert.is(result.getStdoutRaw_asU8().length, 0)
  assert.is(text(result.getStderrRaw_asU8()), text(err.bytes))
})

test('AC-07: what is inlined, or left out, can still be found by its digest', async (t) => {
  const { key, a, out } = await sample(t)
  const request = getResultRequest(t.client, key).setInlineOutputFilesList(['dir/a']).setInlineStdout(true)
  const result = await getResult(t.client, request)
  assert.is(result.getStdoutDigest()?.getHash(), out.digest.hash)
  const [file] = result.getOutputFilesList().filter((each) => each.getPath() === 'dir/a')
  assert.is(file?.getDigest()?.getHash(), a.digest.hash)
})

test('AC-08: paths count exactly as they stand in the result; unknown ones do no harm', async (t) => {
  const { key } = await sample(t)
  const paths = ['a', './b', '/dir/a', 'dir/a/', 'DIR/A', 'unknown', '']
  const result = await getResult(t.client, getResultRequest(t.client, key).setInlineOutputFilesList(paths))
  assert.equal(contents(result), { 'dir/a': '', b: '', empty: '' })
})

test('AC-06, CL-05: what would make the message too large is left out', async (t) => {
  const key = (await storedAction(t.client, t.unique())).digest
  const files = Array.from({ length: 10 }, (_, n) => t.blob(500_000 + n))
  const large = t.blob(5_000_000)
  for (const blob of [large, ...files]) await upload(t.client, blob)
  const result = resultOf(outputFile('large', large), ...files.map((file, n) => outputFile(`${n}`, file)))
  await updateResult(t.client, key, result.setStdoutDigest(digestMessage(large.digest)))
  const wanted = ['large', ...files.keys()].map(String)
  const request = getResultRequest(t.client, key).setInlineOutputFilesList(wanted).setInlineStdout(true)
  const bytes = await t.client.unary(paths.getActionResult, request)
  assert.ok(bytes.length < CLIENTS_RECEIVE, `${bytes.length} bytes`)
  const answered = reapi.ActionResult.deserializeBinary(bytes)
  assert.is(answered.getStdoutDigest()?.getHash(), large.digest.hash)
  for (const [n, file] of answered.getOutputFilesList().entries()) {
    const content = file.getContents_asU8()
    const whole = [large, ...files][n]?.bytes ?? Buffer.alloc(0)
    assert.ok(content.length === 0 || Buffer.from(content).equals(whole), `${file.getPath()} is inlined in part`)
  }
})
