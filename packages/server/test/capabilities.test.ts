import { failure, paths } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start()
})
test.after(() => rig.stop())

async function capabilities(server: ServerRig, instance = ''): Promise<reapi.ServerCapabilities> {
  const request = new reapi.GetCapabilitiesRequest().setInstanceName(instance)
  return reapi.ServerCapabilities.deserializeBinary(await server.client.unary(paths.getCapabilities, request))
}

test('CP-01: a server that executes has both kinds of capabilities', async () => {
  const answer = await capabilities(rig)
  assert.ok(answer.hasCacheCapabilities())
  assert.is(answer.getExecutionCapabilities()?.getExecEnabled(), true)
})

test('CP-01: one that only caches has no execution capabilities, and no Execution service', async () => {
  await using cache = await ServerRig.start({ execution: { enabled: false } })
  assert.is(cache.server.slots, 0)
  const answer = await capabilities(cache)
  assert.ok(answer.hasCacheCapabilities())
  assert.not(answer.hasExecutionCapabilities())
  const calls = [paths.execute, paths.getOperation].map((path) => failure(cache.client.unary(path, Buffer.alloc(0))))
  for (const { code } of await Promise.all(calls)) assert.is(code, 'UNIMPLEMENTED')
})

test('CP-02: the digest function is known, and one of the digest functions', async () => {
  const answer = await capabilities(rig)
  const ofExecution = answer.getExecutionCapabilities()
  const fn = ofExecution?.getDigestFunction() ?? reapi.DigestFunction.Value.UNKNOWN
  assert.is(fn, reapi.DigestFunction.Value.SHA256)
  assert.ok(ofExecution?.getDigestFunctionsList().includes(fn))
  assert.ok(answer.getCacheCapabilities()?.getDigestFunctionsList().includes(fn))
})

test('CP-03: versions go from 2.0, which old clients insist on, upwards', async () => {
  const answer = await capabilities(rig)
  assert.equal([answer.getLowApiVersion()?.getMajor(), answer.getLowApiVersion()?.getMinor()], [2, 0])
  assert.is(answer.getHighApiVersion()?.getMajor(), 2)
  assert.ok((answer.getHighApiVersion()?.getMinor() ?? 0) >= 3)
  assert.not(answer.hasDeprecatedApiVersion())
})

test('CP-05: a symlink strategy is said', async () => {
  const strategy = (await capabilities(rig)).getCacheCapabilities()?.getSymlinkAbsolutePathStrategy()
  assert.is(strategy, reapi.SymlinkAbsolutePathStrategy.Value.ALLOWED)
})

test('CP-06: limits that clients count on are said: batches of nearly 4 MiB, blobs as large as the store', async () => {
  const cache = (await capabilities(rig)).getCacheCapabilities()
  assert.is(cache?.getMaxBatchTotalSizeBytes(), 4 * 1024 * 1024 - 1024)
  assert.is(cache?.getMaxCasBlobSizeBytes(), 1e9)
  assert.is(cache?.getActionCacheUpdateCapabilities()?.getUpdateEnabled(), true)
})

test('CP-06: a store of a fraction of a GB takes blobs of whole bytes', async () => {
  await using odd = await ServerRig.start({ localCache: { maxSizeGb: 0.0123456789123 }, execution: { enabled: false } })
  assert.is((await capabilities(odd)).getCacheCapabilities()?.getMaxCasBlobSizeBytes(), 12_345_678)
})

test('CH-01, CH-05: chunking is said, with its parameters', async () => {
  const cache = (await capabilities(rig)).getCacheCapabilities()
  assert.is(cache?.getSplitBlobSupport(), true)
  assert.is(cache?.getSpliceBlobSupport(), true)
  assert.equal(cache?.getFastCdc2020Params()?.toObject(), { avgChunkSizeBytes: 512 * 1024, seed: 0 })
})

test('CH-01: switched off, it is not said and not served', async () => {
  await using whole = await ServerRig.start({ chunking: false, execution: { enabled: false } })
  const cache = (await capabilities(whole)).getCacheCapabilities()
  assert.is(cache?.getSplitBlobSupport(), false)
  assert.is(cache?.getSpliceBlobSupport(), false)
  assert.not(cache?.hasFastCdc2020Params())
  for (const path of [paths.splitBlob, paths.spliceBlob]) {
    assert.is((await failure(whole.client.unary(path, Buffer.alloc(0)))).code, 'UNIMPLEMENTED')
  }
})

test('CP-07: priorities have a range', async () => {
  const ranges = (await capabilities(rig)).getExecutionCapabilities()?.getExecutionPriorityCapabilities()
  const [range] = ranges?.getPrioritiesList() ?? []
  assert.ok((range?.getMinPriority() ?? 0) < 0 && (range?.getMaxPriority() ?? 0) > 0)
})

test('GEN-03: any instance name will do that a resource name could carry', async () => {
  assert.ok((await capabilities(rig, 'main/team-a')).hasCacheCapabilities())
  for (const bad of ['/main', 'main/', 'a//b', 'blobs', 'a/uploads/b']) {
    const request = new reapi.GetCapabilitiesRequest().setInstanceName(bad)
    assert.is((await failure(rig.client.unary(paths.getCapabilities, request))).code, 'INVALID_ARGUMENT', bad)
  }
})

test.run()
