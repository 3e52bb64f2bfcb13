import { reapi } from '@gorego/core'
import { blobOf, buildAction } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  batchRead,
  batchReadRequest,
  callFailure,
  digestMessage,
  failure,
  getResult,
  getResultRequest,
  isCode,
  outputDirectory,
  outputFile,
  paths,
  rawDigest,
  resultOf,
  store,
  storedAction,
  text,
  updateResult,
  updateResultRequest,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const actionCache = new Cases()
const { test } = actionCache

const action = async (t: Tester, salt = '') => (await storedAction(t.client, t.unique(salt))).digest

test('AC-01: a miss is NOT_FOUND', async (t) => {
  isCode(await failure(getResult(t.client, t.blob('no action').digest)), 'NOT_FOUND')
})

test('AC-11, AC-14: what was stored comes back, and the last update wins', async (t) => {
  const key = await action(t)
  const out = t.blob('out')
  await store(t.client, out)
  for (const exitCode of [0, 7, 1]) {
    const result = resultOf(outputFile('a/out', out)).setExitCode(exitCode)
    assert.is((await updateResult(t.client, key, result)).getExitCode(), exitCode)
    const found = await getResult(t.client, key)
    assert.is(found.getExitCode(), exitCode)
    assert.equal(
      found.getOutputFilesList().map((file) => [file.getPath(), file.getDigest()?.getHash()]),
      [['a/out', out.digest.hash]],
    )
  }
})

test('AC-14: while it is updated again and again, readers see one result or another, never a part of one', async (t) => {
  const key = await action(t)
  const blobs = Array.from({ length: 4 }, (_, n) => t.blob(`torn ${n}`))
  await store(t.client, ...blobs)
  const results = blobs.map((blob, n) => {
    const files = Array.from({ length: 50 * (n + 1) }, (_, i) => outputFile(`${n}/${i}`, blob))
    return resultOf(...files).setExitCode(n + 1)
  })
  const [first] = results as [reapi.ActionResult]
  await updateResult(t.client, key, first)
  const writer = async (result: reapi.ActionResult) => {
    for (let n = 0; n < 15; n++) await updateResult(t.client, key, result)
  }
  const reader = async () => {
    for (let n = 0; n < 30; n++) {
      const found = await getResult(t.client, key)
      assert.is(found.getOutputFilesList().length, 50 * found.getExitCode())
      assert.ok(found.getOutputFilesList().every((file) => file.getPath().startsWith(`${found.getExitCode() - 1}/`)))
    }
  }
  await Promise.all([...results.map(writer), reader(), reader()])
})

test('AC-15: a result of nothing but defaults is not served as nothing', async (t) => {
  const key = await action(t)
  await updateResult(t.client, key, new reapi.ActionResult())
  const bytes = await t.client.unary(paths.getActionResult, getResultRequest(t.client, key)).catch(() => 'a miss')
  assert.ok(bytes.length > 0, 'an empty message')
})

test('AC-09: an update without its Action in the CAS is taken, or refused as a failed precondition', async (t) => {
  const { digest } = buildAction({ argv: ['/bin/true'], salt: t.unique() })
  const answer = updateResult(t.client, digest, new reapi.ActionResult().setExitCode(1))
  await answer.catch(async () => isCode(await failure(answer), 'FAILED_PRECONDITION'))
})

test(
  'AC-09: it is taken, unless the server is told otherwise',
  async (t) => {
    const { digest } = buildAction({ argv: ['/bin/true'], salt: t.unique() })
    await updateResult(t.client, digest, new reapi.ActionResult().setExitCode(1))
    assert.is((await getResult(t.client, digest)).getExitCode(), 1)
  },
  { level: 'D' },
)

test('AC-10: results that no command can have are refused', async (t) => {
  const blob = t.blob('x')
  await store(t.client, blob)
  const key = await action(t)
  const { ActionResult, OutputDirectory, OutputFile, OutputSymlink } = reapi
  const bad: reapi.ActionResult[] = [
    ...['/etc/passwd', '../up', 'a/../../b'].map((path) => resultOf(outputFile(path, blob))),
    resultOf(new OutputFile().setPath('no digest')),
    resultOf(new OutputFile().setPath('bad').setDigest(rawDigest('x'))),
    resultOf(new OutputFile().setPath('negative').setDigest(rawDigest(blob.digest.hash, -1))),
    new ActionResult().setOutputSymlinksList([new OutputSymlink().setPath('/l').setTarget('t')]),
    new ActionResult().setOutputDirectoriesList([new OutputDirectory().setPath('d')]),
    new ActionResult().setOutputDirectoriesList([outputDirectory('../d', blob.digest)]),
    new ActionResult().setStdoutDigest(rawDigest(blob.digest.hash, -1)),
    new ActionResult().setStderrDigest(rawDigest('nonsense')),
  ]
  for (const result of bad) {
    const failed = await callFailure(t.client, paths.updateActionResult, updateResultRequest(t.client, key, result))
    isCode(failed, 'INVALID_ARGUMENT', JSON.stringify(result.toObject()))
  }
  isCode(await failure(getResult(t.client, key)), 'NOT_FOUND')
})

test(
  'AC-10, GEN-01: so is an update without a result, and a path with a NUL',
  async (t) => {
    const key = await action(t)
    const none = new reapi.UpdateActionResultRequest()
      .setInstanceName(t.client.instance)
      .setActionDigest(digestMessage(key))
    const nul = updateResultRequest(t.client, key, resultOf(outputFile('nul\0', t.blob('x'))))
    for (const request of [none, nul]) {
      isCode(await callFailure(t.client, paths.updateActionResult, request), 'INVALID_ARGUMENT')
    }
  },
  { level: 'D' },
)

test('AC-11: what is inline in an update is not lost', async (t) => {
  const key = await action(t)
  const [out, err] = [t.unique('out'), t.unique('err')]
  await updateResult(
    t.client,
    key,
    new reapi.ActionResult().setExitCode(1).setStdoutRaw(Buffer.from(out)).setStderrRaw(Buffer.from(err)),
  )
  const result = await getResult(t.client, key)
  const read = async (raw: Uint8Array, digest: reapi.Digest | undefined) => {
    if (digest === undefined) return text(raw)
    const [entry] = await batchRead(t.client, batchReadRequest(t.client, [digest]))
    return text(entry?.data ?? Buffer.alloc(0))
  }
  assert.is(await read(result.getStdoutRaw_asU8(), result.getStdoutDigest()), out)
  assert.is(await read(result.getStderrRaw_asU8(), result.getStderrDigest()), err)
})

test(
  'AC-11, AC-05: streams and contents that come inline are kept as blobs, and not sent unless asked for',
  async (t) => {
    const key = await action(t)
    const [out, file] = [t.blob('out'), t.blob('contents')]
    const stored = await updateResult(
      t.client,
      key,
      resultOf(outputFile('f', file).setContents(Uint8Array.from(file.bytes))).setStdoutRaw(Uint8Array.from(out.bytes)),
    )
    for (const result of [stored, await getResult(t.client, key)]) {
      assert.is(result.getStdoutRaw_asU8().length, 0)
      assert.is(result.getStdoutDigest()?.getHash(), out.digest.hash)
      assert.is(result.getOutputFilesList()[0]?.getContents_asU8().length, 0)
    }
    const digests = [out, file].map(({ digest }) => digestMessage(digest))
    const entries = await batchRead(t.client, batchReadRequest(t.client, digests))
    assert.equal(
      entries.map(({ data }) => text(data)),
      [text(out.bytes), text(file.bytes)],
    )
  },
  { level: 'D' },
)

test(
  'AC-11, BW-05: contents that are not what the digest says are refused',
  async (t) => {
    const lie = resultOf(outputFile('f', t.blob('truth')).setContents(Buffer.from('lie')))
    isCode(await failure(updateResult(t.client, await action(t), lie)), 'INVALID_ARGUMENT')
  },
  { level: 'D' },
)

test('AC-16: priorities within what is advertised are taken', async (t) => {
  const ranges = t.capabilities.getCacheCapabilities()?.getCachePriorityCapabilities()?.getPrioritiesList() ?? []
  const priorities = [0, ...ranges.flatMap((range) => [range.getMinPriority(), range.getMaxPriority()])]
  for (const priority of priorities) {
    const request = updateResultRequest(t.client, await action(t, `${priority}`), new reapi.ActionResult())
    request.setResultsCachePolicy(new reapi.ResultsCachePolicy().setPriority(priority))
    await t.client.unary(paths.updateActionResult, request)
  }
})

test('AC-10: large results are taken or refused, and never break the connection', async (t) => {
  const key = await action(t)
  const blob = blobOf(t.unique('large'))
  await store(t.client, blob)
  const files = Array.from({ length: 10_000 }, (_, n) => outputFile(`some/long/directory/name/${n}`, blob))
  await updateResult(t.client, key, resultOf(...files))
  const bytes = await t.client.unary(paths.getActionResult, getResultRequest(t.client, key))
  assert.ok(bytes.length < 4 * 1024 * 1024)
  assert.is(reapi.ActionResult.deserializeBinary(bytes).getOutputFilesList().length, 10_000)
})
