import {
  digestMessage,
  failure,
  missingSubjects,
  paths,
  run,
  type SentAction,
  shell,
  store,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RigOptions, ServerRig } from './server-rig.js'

const cacheOnly: RigOptions = { execution: { enabled: false } }

function updateRequest(
  { digest }: Pick<SentAction, 'digest'> = shell('echo stored'),
  result = new reapi.ActionResult().setExitCode(1),
): reapi.UpdateActionResultRequest {
  return new reapi.UpdateActionResultRequest().setActionDigest(digestMessage(digest)).setActionResult(result)
}

async function capabilities(rig: ServerRig): Promise<reapi.ServerCapabilities> {
  return reapi.ServerCapabilities.deserializeBinary(
    await rig.client.unary(paths.getCapabilities, new reapi.GetCapabilitiesRequest()),
  )
}

test('AC-12: where updates are off, capabilities say so, calls are refused, and executions are cached all the same', async () => {
  await using rig = await ServerRig.start({ actionCache: { updates: false } })
  const cache = (await capabilities(rig)).getCacheCapabilities()
  assert.is(cache?.getActionCacheUpdateCapabilities()?.getUpdateEnabled(), false)
  const { code, message } = await failure(rig.client.unary(paths.updateActionResult, updateRequest()))
  assert.is(code, 'PERMISSION_DENIED')
  assert.match(message, /action_cache\.updates/)
  const cached = []
  for (let n = 0; n < 2; n++) cached.push((await run(rig.client, shell('echo executed'))).response.getCachedResult())
  assert.equal(cached, [false, true])
})

test('AC-12: what makes no sense is told first, as everywhere', async () => {
  await using rig = await ServerRig.start({ ...cacheOnly, actionCache: { updates: false } })
  const { code } = await failure(rig.client.unary(paths.updateActionResult, new reapi.UpdateActionResultRequest()))
  assert.is(code, 'INVALID_ARGUMENT')
})

test('AC-09: where asked for, Action and Command must have been uploaded before a result', async () => {
  await using rig = await ServerRig.start({ ...cacheOnly, actionCache: { requireAction: true } })
  const action = shell('echo required')
  for (const [n, missing] of [action.digest, action.commandDigest].entries()) {
    const { code, status } = await failure(rig.client.unary(paths.updateActionResult, updateRequest(action)))
    assert.is(code, 'FAILED_PRECONDITION')
    assert.equal(missingSubjects(status), [`blobs/${missing}`])
    await uploadAction(rig.client, action, { except: n === 0 ? [action.commandDigest] : [] })
  }
  await rig.client.unary(paths.updateActionResult, updateRequest(action))
  const nonsense = blobOf('\xff no action')
  await store(rig.client, nonsense)
  const { code } = await failure(rig.client.unary(paths.updateActionResult, updateRequest(nonsense)))
  assert.is(code, 'INVALID_ARGUMENT')
})

test('AC-16, CP-07: priorities of results are taken and none are advertised', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  assert.not((await capabilities(rig)).getCacheCapabilities()?.hasCachePriorityCapabilities())
  for (const priority of [-2_000_000_000, 0, 7, 2_000_000_000]) {
    const policy = new reapi.ResultsCachePolicy().setPriority(priority)
    await rig.client.unary(paths.updateActionResult, updateRequest().setResultsCachePolicy(policy))
  }
})

test('AC-10, OR-01: outputs in one place, paths that are not plain and links to nowhere are refused', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  const digest = digestMessage(blobOf('ac-10').digest)
  const file = (path: string) => new reapi.OutputFile().setPath(path).setDigest(digest)
  const link = (path: string, target = 't') => new reapi.OutputSymlink().setPath(path).setTarget(target)
  const directory = (path: string) => new reapi.OutputDirectory().setPath(path).setTreeDigest(digest)
  const result = () => new reapi.ActionResult()
  const bad = [
    ...['', '/', 'a/', 'a//b', '/a', '..', 'a/..'].map((path) => result().setOutputFilesList([file(path)])),
    ...['/d', 'd/', '../d', 'a//d'].map((path) => result().setOutputDirectoriesList([directory(path)])),
    ...['', '/l', '../l', 'l/'].map((path) => result().setOutputSymlinksList([link(path)])),
    result().setOutputSymlinksList([link('l', '')]),
    result().setOutputSymlinksList([link('l', 'a\0b')]),
    result().setOutputFileSymlinksList([link('../l')]),
    result().setOutputDirectorySymlinksList([link('/l')]),
    result().setOutputFilesList([file('a'), file('a')]),
    result()
      .setOutputFilesList([file('a')])
      .setOutputDirectoriesList([directory('a')]),
    result()
      .setOutputFilesList([file('a')])
      .setOutputSymlinksList([link('a')]),
    result().setOutputDirectoriesList([
      new reapi.OutputDirectory().setPath('d').setTreeDigest(digest).setRootDirectoryDigest(new reapi.Digest()),
    ]),
    result().setStderrDigest(new reapi.Digest().setHash('XYZ')),
  ]
  for (const each of bad) {
    const { code } = await failure(rig.client.unary(paths.updateActionResult, updateRequest(undefined, each)))
    assert.is(code, 'INVALID_ARGUMENT', JSON.stringify(each.toObject()))
  }
  const good = result()
    .setOutputFilesList([file('a/b c/ü'), file('..a'), file('a/..b')])
    .setOutputDirectoriesList([directory(''), directory('d')])
    // OR-04: old clients are told of a link in a list of their own.
    .setOutputSymlinksList([link('l', '../up'), link('m', '/abs')])
    .setOutputFileSymlinksList([link('l', '../up')])
    .setOutputDirectorySymlinksList([link('m', '/abs')])
  await rig.client.unary(paths.updateActionResult, updateRequest(undefined, good))
})

test('AN-01, AN-02: timeouts follow the settings', async () => {
  await using rig = await ServerRig.start({ execution: { defaultTimeout: 1, maxTimeout: 2 } })
  const { DEADLINE_EXCEEDED, INVALID_ARGUMENT, OK } = reapi.RpcCode
  assert.is((await run(rig.client, shell('sleep 60'))).code, DEADLINE_EXCEEDED)
  assert.is((await run(rig.client, shell('echo in time', { timeoutMs: 2000 }))).code, OK)
  assert.is((await run(rig.client, shell('echo too long', { timeoutMs: 2001 }))).code, INVALID_ARGUMENT)
})

test.run()
