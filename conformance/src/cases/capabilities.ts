import { Digest, reapi, SHA256 } from '@gorego/core'
import * as assert from 'uvu/assert'
import {
  callFailure,
  execute,
  executeRequest,
  failure,
  isCode,
  lastOf,
  paths,
  read,
  store,
  storedAction,
  updateResult,
  uploadAction,
  uploadName,
  writeRequest,
} from '../client/index.js'
import { Cases } from '../suite/case.js'

export const capabilities = new Cases()
const { test } = capabilities

const { IDENTITY } = reapi.Compressor.Value
const { UNKNOWN } = reapi.DigestFunction.Value
const CLIENTS_RECEIVE = 4 * 1024 * 1024

const numbers = (version: reapi.SemVer | undefined) => (version?.getMajor() ?? 0) * 1000 + (version?.getMinor() ?? 0)

test('CP-01: a server says what its cache can do, and what its execution can, if it has one', async ({
  capabilities,
}) => {
  assert.ok(capabilities.hasCacheCapabilities(), 'cache_capabilities are missing')
  const execution = capabilities.getExecutionCapabilities()
  if (execution !== undefined) assert.ok(execution.getExecEnabled(), 'execution that is not enabled')
})

test('CP-01, CP-06: one that only caches has no Execution service; its store of a fraction of a GB has whole bytes', async (t) => {
  const settings = { 'execution.enabled': false, 'local_cache.max_size_gb': 0.0123456789123 }
  const cache = await t.ownServer(settings)
  const answer = await t.capabilitiesOf(cache)
  assert.ok(answer.hasCacheCapabilities())
  assert.not(answer.hasExecutionCapabilities())
  const client = t.connect(cache)
  for (const path of [paths.execute, paths.getOperation]) {
    assert.is((await failure(client.unary(path, Buffer.alloc(0)))).code, 'UNIMPLEMENTED')
  }
  const largest = answer.getCacheCapabilities()?.getMaxCasBlobSizeBytes() ?? 0
  assert.is(largest, 12_345_678)
  const digest = Digest.of(SHA256, t.strangeHash(), largest + 1)
  const open = client.clientStream(paths.write)
  await open.send(writeRequest({ name: uploadName(client, digest) }))
  isCode(await failure(open.response), 'INVALID_ARGUMENT')
})

test('CP-02: the digest function is known, and one of the digest functions', async (t) => {
  t.needsExecution()
  const execution = t.capabilities.getExecutionCapabilities()
  const fn = execution?.getDigestFunction() ?? UNKNOWN
  assert.is.not(fn, UNKNOWN)
  const list = execution?.getDigestFunctionsList() ?? []
  assert.ok(list.length === 0 || list.includes(fn), `${fn} is not among ${list.join(', ')}`)
  assert.ok(t.capabilities.getCacheCapabilities()?.getDigestFunctionsList().includes(fn), 'the cache does not know it')
})

test('CP-02: the cache names its functions, none of them UNKNOWN', async (t) => {
  const list = t.capabilities.getCacheCapabilities()?.getDigestFunctionsList() ?? []
  assert.ok(list.length > 0 && !list.includes(UNKNOWN), list.join(', '))
  assert.is(new Set(list).size, list.length, 'one is named twice')
})

test('CP-03: versions are in order', async ({ capabilities }) => {
  const [low, high] = [capabilities.getLowApiVersion(), capabilities.getHighApiVersion()]
  assert.ok(low !== undefined && high !== undefined, 'a version is missing')
  assert.is(high?.getMajor(), 2)
  assert.ok(numbers(low) <= numbers(high), `from ${numbers(low)} to ${numbers(high)}`)
  const deprecated = capabilities.getDeprecatedApiVersion()
  if (deprecated !== undefined) assert.ok(numbers(deprecated) <= numbers(low))
})

test('CL-13: the lowest version is 2.0, on which old clients insist', async ({ capabilities }) => {
  assert.is(numbers(capabilities.getLowApiVersion()), 2000)
})

test('CP-04: identity is served, and not among the compressors', async (t) => {
  const cache = t.capabilities.getCacheCapabilities()
  const listed = [
    ...(cache?.getSupportedCompressorsList() ?? []),
    ...(cache?.getSupportedBatchUpdateCompressorsList() ?? []),
  ]
  assert.not(listed.includes(IDENTITY))
  const blob = t.blob('identity')
  await store(t.client, blob)
  assert.ok((await read(t.client, blob.digest)).equals(blob.bytes))
})

test('CP-05: what becomes of absolute links is said', async ({ capabilities }) => {
  const { ALLOWED, DISALLOWED } = reapi.SymlinkAbsolutePathStrategy.Value
  const strategy = capabilities.getCacheCapabilities()?.getSymlinkAbsolutePathStrategy()
  assert.ok(strategy === ALLOWED || strategy === DISALLOWED, `strategy ${strategy}`)
})

test('CP-05: and it is what becomes of them', async (t) => {
  t.needsExecution()
  const { ALLOWED } = reapi.SymlinkAbsolutePathStrategy.Value
  const allowed = t.capabilities.getCacheCapabilities()?.getSymlinkAbsolutePathStrategy() === ALLOWED
  const action = t.shell('true', { inputs: { link: { symlink: '/absolute/target' } } })
  await uploadAction(t.client, action)
  const code = await lastOf(execute(t.client, action.digest)).then(
    (seen) => seen.code,
    (error: { code: number }) => error.code,
  )
  assert.is(code, allowed ? reapi.RpcCode.OK : reapi.RpcCode.INVALID_ARGUMENT)
})

test('CL-05: a limit of batches is said, and leaves room for the rest of a message', async ({ capabilities }) => {
  const limit = capabilities.getCacheCapabilities()?.getMaxBatchTotalSizeBytes() ?? 0
  assert.ok(limit > 0, 'max_batch_total_size_bytes is 0')
  assert.ok(limit < CLIENTS_RECEIVE, `${limit} bytes`)
})

test(
  'CP-06: what clients take for granted fits: batches of 4 MiB less 1 KiB',
  async ({ capabilities }) => {
    assert.is(capabilities.getCacheCapabilities()?.getMaxBatchTotalSizeBytes(), CLIENTS_RECEIVE - 1024)
  },
  { level: 'D' },
)

test('CP-07: priorities at the ends of what is advertised are taken', async (t) => {
  t.needsExecution()
  const ranges = t.capabilities.getExecutionCapabilities()?.getExecutionPriorityCapabilities()?.getPrioritiesList()
  const priorities = [0, ...(ranges ?? []).flatMap((range) => [range.getMinPriority(), range.getMaxPriority()])]
  for (const priority of new Set(priorities)) {
    const action = t.shell(`echo priority ${priority}`)
    await uploadAction(t.client, action)
    const request = executeRequest(t.client, action.digest)
    request.setExecutionPolicy(new reapi.ExecutionPolicy().setPriority(priority))
    assert.is((await lastOf(execute(t.client, request))).code, reapi.RpcCode.OK, `priority ${priority}`)
  }
})

test('CP-07: ranges are ranges', async ({ capabilities }) => {
  const all = [
    ...(capabilities.getExecutionCapabilities()?.getExecutionPriorityCapabilities()?.getPrioritiesList() ?? []),
    ...(capabilities.getCacheCapabilities()?.getCachePriorityCapabilities()?.getPrioritiesList() ?? []),
  ]
  for (const range of all) assert.ok(range.getMinPriority() <= range.getMaxPriority())
})

test('AC-12: a server that takes no results says so, and refuses them', async (t) => {
  const server = await t.ownServer({ 'action_cache.updates': false })
  const client = t.connect(server)
  const cache = (await t.capabilitiesOf(server)).getCacheCapabilities()
  assert.is(cache?.getActionCacheUpdateCapabilities()?.getUpdateEnabled(), false)
  const { digest } = await storedAction(client, t.unique())
  isCode(await failure(updateResult(client, digest, new reapi.ActionResult().setExitCode(1))), 'PERMISSION_DENIED')
  // What it executes is cached all the same.
  const action = t.shell('echo cached')
  await uploadAction(client, action)
  for (const cached of [false, true]) {
    assert.is((await lastOf(execute(client, action.digest))).response.getCachedResult(), cached)
  }
})

test('AC-12: whether results are taken is as the server says', async (t) => {
  const cache = t.capabilities.getCacheCapabilities()
  const enabled = cache?.getActionCacheUpdateCapabilities()?.getUpdateEnabled() ?? false
  const { digest } = await storedAction(t.client, t.unique())
  const answer = updateResult(t.client, digest, new reapi.ActionResult().setExitCode(1))
  if (enabled) await answer
  else isCode(await failure(answer), 'PERMISSION_DENIED')
})

test('AC-09: a server that is told to insist takes results only with their Action and Command', async (t) => {
  const client = t.connect(await t.ownServer({ 'action_cache.require_action': true, 'execution.enabled': false }))
  const result = new reapi.ActionResult().setExitCode(1)
  const action = t.shell('true')
  isCode(await failure(updateResult(client, action.digest, result)), 'FAILED_PRECONDITION')
  await uploadAction(client, action, { except: [action.commandDigest] })
  isCode(await failure(updateResult(client, action.digest, result)), 'FAILED_PRECONDITION')
  await uploadAction(client, action)
  assert.is((await updateResult(client, action.digest, result)).getExitCode(), 1)
})

test('CP-06: what is too large for a batch fails the call, not the connection', async (t) => {
  const limit = t.capabilities.getCacheCapabilities()?.getMaxBatchTotalSizeBytes() || CLIENTS_RECEIVE
  const digest = new reapi.Digest().setHash(t.strangeHash()).setSizeBytes(limit + 1)
  const request = new reapi.BatchReadBlobsRequest().setInstanceName(t.client.instance).setDigestsList([digest])
  isCode(await callFailure(t.client, paths.batchReadBlobs, request), 'INVALID_ARGUMENT')
})
