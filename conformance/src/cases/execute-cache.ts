import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import { execute, executeRequest, lastOf, run, uploadAction } from '../client/actions.js'
import { findMissing, getResult, paths } from '../client/calls.js'
import { failure } from '../client/raw-client.js'
import { endingOf, stdoutOf } from '../client/results.js'
import { Cases } from '../suite/case.js'

export const executeCache = new Cases((t) => t.needsExecution())
const { test } = executeCache

const { OK } = reapi.RpcCode
/** Prints something else at every run. */
const CLOCK = 'date +%s%N'

test('EX-14, ER-04, EM-03: a second time the result is the cached one, metadata and all', async (t) => {
  const action = t.shell(CLOCK)
  const first = await t.run(action)
  const second = await t.run(action)
  assert.equal([first.response.getCachedResult(), second.response.getCachedResult()], [false, true])
  assert.equal(second.result.toObject(), first.result.toObject())
})

test('EX-14: without skip_cache_lookup an incomplete entry is not served', async (t) => {
  const action = t.shell('echo out > out', { outputPaths: ['out'] })
  await uploadAction(t.client, action)
  const strange = new reapi.Digest().setHash(t.strangeHash()).setSizeBytes(7)
  const result = new reapi.ActionResult().setOutputFilesList([new reapi.OutputFile().setPath('out').setDigest(strange)])
  const update = new reapi.UpdateActionResultRequest()
    .setInstanceName(t.client.instance)
    .setActionDigest(reapi.toDigestMessage(action.digest))
    .setActionResult(result)
  // A server may refuse to store it; then there is nothing that it could serve.
  await t.client.unary(paths.updateActionResult, update).catch(() => {})
  const seen = await t.run(action)
  assert.is(seen.response.getCachedResult(), false)
  const [file] = seen.result.getOutputFilesList()
  assert.equal(await findMissing(t.client, [reapi.fromDigestMessage(action.digest.fn, file?.getDigest(), 'out')]), [])
})

test('EX-15, CL-07: skip_cache_lookup runs it again, and replaces what is cached', async (t) => {
  const action = t.shell(CLOCK)
  const first = await t.run(action)
  const again = await lastOf(execute(t.client, executeRequest(t.client, action.digest).setSkipCacheLookup(true)))
  assert.is(again.response.getCachedResult(), false)
  const third = await t.run(action)
  const printed = await Promise.all([first, again, third].map((seen) => stdoutOf(t.client, seen)))
  assert.is.not(printed[0], printed[1])
  assert.is(printed[1], printed[2])
  assert.is(third.response.getCachedResult(), true)
})

test('EX-16: an Action with do_not_cache is not cached', async (t) => {
  const action = t.shell(CLOCK, { doNotCache: true })
  const [first, second] = [await t.run(action), await t.run(action)]
  assert.equal([first.response.getCachedResult(), second.response.getCachedResult()], [false, false])
  assert.is.not(await stdoutOf(t.client, first), await stdoutOf(t.client, second))
  assert.is((await failure(getResult(t.client, action.digest))).code, 'NOT_FOUND')
})

test('EX-16: nor is it merged: two at once are two runs', async (t) => {
  const action = t.shell(`${CLOCK}; sleep 1`, { doNotCache: true })
  await uploadAction(t.client, action)
  const runs = await Promise.all([1, 2].map(() => lastOf(execute(t.client, action.digest))))
  const printed = await Promise.all(runs.map((seen) => stdoutOf(t.client, seen)))
  assert.is.not(printed[0], printed[1])
})

test(
  'EX-16: nor served from a cache into which somebody put it',
  async (t) => {
    const action = t.shell('exit 0', { doNotCache: true })
    await uploadAction(t.client, action)
    const update = new reapi.UpdateActionResultRequest()
      .setInstanceName(t.client.instance)
      .setActionDigest(reapi.toDigestMessage(action.digest))
      .setActionResult(new reapi.ActionResult().setExitCode(77))
    await t.client.unary(paths.updateActionResult, update).catch(() => {})
    const { response, result } = await t.run(action)
    assert.equal([response.getCachedResult(), result.getExitCode()], [false, 0])
  },
  { level: 'D' },
)

test('EX-17: what did not finish is never cached', async (t) => {
  const action = t.shell('sleep 60', { timeoutMs: 300 })
  await uploadAction(t.client, action)
  for (let n = 0; n < 2; n++) {
    const { code, seen } = await endingOf(execute(t.client, action.digest))
    assert.is(code, 'DEADLINE_EXCEEDED')
    assert.not(seen?.response.getCachedResult())
  }
  assert.is((await failure(getResult(t.client, action.digest))).code, 'NOT_FOUND')
})

test('EX-17: what missed an input is run, and cached, once the input is there', async (t) => {
  const action = t.shell('cat f', { inputs: { f: t.unique() } })
  await uploadAction(t.client, action, { except: [t.blob('').digest] })
  assert.is((await endingOf(execute(t.client, action.digest))).code, 'FAILED_PRECONDITION')
  const cached = []
  for (let n = 0; n < 2; n++) cached.push((await t.run(action)).response.getCachedResult())
  assert.equal(cached, [false, true])
})

test(
  'EX-17: a command that failed is run again',
  async (t) => {
    const action = t.shell('exit 4')
    for (let n = 0; n < 2; n++) {
      const { code, response, result } = await t.run(action)
      assert.equal([code, response.getCachedResult(), result.getExitCode()], [OK, false, 4])
    }
  },
  { level: 'C' },
)

test(
  'EX-22, AC-06: what is asked for comes with the result, a new one and a cached one',
  async (t) => {
    const text = t.unique()
    const action = t.shell(`echo 'out ${text}'; echo 'err ${text}' >&2; echo 'in ${text}' > f; : > g`, {
      outputPaths: ['f', 'g'],
    })
    await uploadAction(t.client, action)
    const request = executeRequest(t.client, action.digest)
      .setInlineStdout(true)
      .setInlineStderr(true)
      .setInlineOutputFilesList(['f', 'nowhere'])
    for (const _ of ['new', 'cached']) {
      const { result } = await lastOf(execute(t.client, request))
      assert.is(Buffer.from(result.getStdoutRaw_asU8()).toString(), `out ${text}\n`)
      assert.is(Buffer.from(result.getStderrRaw_asU8()).toString(), `err ${text}\n`)
      const contents = result.getOutputFilesList().map((file) => Buffer.from(file.getContents_asU8()).toString())
      assert.equal(contents, [`in ${text}\n`, ''])
      assert.ok(result.getOutputFilesList().every((file) => file.hasDigest()))
    }
  },
  { level: 'S' },
)

test(
  'EX-22, AC-05: what nobody asked for does not',
  async (t) => {
    const { result } = await t.run('echo out; echo err >&2; echo in > f', { outputPaths: ['f'] })
    assert.is(result.getStdoutRaw_asU8().length + result.getStderrRaw_asU8().length, 0)
    assert.is(result.getOutputFilesList()[0]?.getContents_asU8().length, 0)
  },
  { level: 'S' },
)

test('EX-22: output that is too large for a message is left out, and can be read', async (t) => {
  const size = 6 * 1024 * 1024
  const action = t.shell(`head -c ${size} /dev/zero | tr '\\0' x`)
  await uploadAction(t.client, action)
  const seen = await lastOf(execute(t.client, executeRequest(t.client, action.digest).setInlineStdout(true)))
  assert.is(seen.code, OK)
  assert.ok(seen.operation.serializeBinary().length < 4 * 1024 * 1024)
  assert.is((await stdoutOf(t.client, seen)).length, size)
})

test('EX-24, OR-05: a result is in the cache only with everything that it refers to', async (t) => {
  const actions = [1, 2, 3, 4].map((n) =>
    t.shell(`mkdir d; head -c 300000 /dev/urandom > d/f; echo ${n}; cp d/f g`, {
      outputPaths: ['d', 'g'],
      salt: t.unique(`${n}`),
    }),
  )
  for (const action of actions) await uploadAction(t.client, action)
  const running = actions.map((action) => lastOf(execute(t.client, action.digest)))
  const done = Promise.all(running).then(() => true)
  done.catch(() => {})
  // Whoever looks while they run finds nothing, or all of it: GetActionResult must not promise what cannot be read.
  for (let over = false; !over; over = await Promise.race([done, Promise.resolve(false)])) {
    for (const { digest } of actions) {
      const result = await getResult(t.client, digest).catch(() => undefined)
      if (result === undefined) continue
      const digests = result
        .getOutputFilesList()
        .map((file) => reapi.fromDigestMessage(digest.fn, file.getDigest(), 'a file'))
      assert.equal(await findMissing(t.client, digests), [])
    }
  }
  for (const { digest } of actions) assert.is((await getResult(t.client, digest)).getOutputFilesList().length, 1)
})

test('AN-05: the salt changes the digest, and with it what is cached', async (t) => {
  const [one, two] = ['one', 'two'].map((salt) => t.shell(CLOCK, { salt: t.unique(salt) }))
  assert.ok(one && two)
  assert.equal(one.commandDigest.key, two.commandDigest.key)
  const runs = [await t.run(one), await t.run(two)]
  assert.equal(
    runs.map(({ response }) => response.getCachedResult()),
    [false, false],
  )
  assert.is((await t.run(one)).response.getCachedResult(), true)
})

test('EX-14: a result that another client cached is served', async (t) => {
  const action = t.shell(CLOCK)
  await t.run(action)
  assert.is((await run(t.connect(), action)).response.getCachedResult(), true)
})
