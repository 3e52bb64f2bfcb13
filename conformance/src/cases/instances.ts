import { reapi } from '@gorego/core'
import * as assert from 'uvu/assert'
import {
  callFailure,
  digestMessage,
  executeRequest,
  failure,
  findMissing,
  getResult,
  getResultRequest,
  isCode,
  paths,
  type RawClient,
  type Sendable,
  store,
  storedAction,
  updateResult,
  updateResultRequest,
  upload,
  uploadName,
  writeRequest,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const instances = new Cases()
const { test } = instances

/** A call of every kind that tells an instance name. */
function calls(t: Tester, client: RawClient, name: string): readonly (readonly [string, Sendable])[] {
  const blob = t.blob('')
  const digest = digestMessage(blob.digest)
  const prefix = name === '' ? '' : `${name}/`
  return [
    [paths.getCapabilities, new reapi.GetCapabilitiesRequest().setInstanceName(name)],
    [paths.findMissingBlobs, new reapi.FindMissingBlobsRequest().setInstanceName(name)],
    [paths.batchUpdateBlobs, new reapi.BatchUpdateBlobsRequest().setInstanceName(name)],
    [paths.batchReadBlobs, new reapi.BatchReadBlobsRequest().setInstanceName(name)],
    [paths.getTree, new reapi.GetTreeRequest().setInstanceName(name).setRootDigest(digest)],
    [paths.getActionResult, getResultRequest(client, blob.digest).setInstanceName(name)],
    [
      paths.updateActionResult,
      updateResultRequest(client, blob.digest, new reapi.ActionResult().setExitCode(1)).setInstanceName(name),
    ],
    [paths.execute, executeRequest(client, blob.digest).setInstanceName(name)],
    [paths.read, new reapi.ReadRequest().setResourceName(`${prefix}blobs/${blob.digest}`)],
    [paths.write, writeRequest({ name: `${prefix}${uploadName(client, blob.digest)}` })],
    [
      paths.queryWriteStatus,
      new reapi.QueryWriteStatusRequest().setResourceName(`${prefix}${uploadName(client, blob.digest)}`),
    ],
  ]
}

test(
  'GEN-03: of a server that knows some names, every service refuses all others',
  async (t) => {
    const client = t.connect(await t.ownServer({ instance_names: 'main,team/a' }))
    for (const name of ['', 'other', 'main/more', 'team', 'team/b']) {
      for (const [path, message] of calls(t, client, name)) {
        isCode(await callFailure(client, path, message), 'INVALID_ARGUMENT', `${path} with "${name}"`)
      }
    }
    for (const name of ['main', 'team/a']) {
      const request = new reapi.GetCapabilitiesRequest().setInstanceName(name)
      assert.ok((await client.unary(paths.getCapabilities, request)).length > 0)
    }
  },
  { level: 'D' },
)

test(
  'GEN-03, RN-05: names that no resource name could carry are refused by every service',
  async (t) => {
    for (const name of ['/main', 'main/', 'a//b', 'blobs', 'a/uploads/b', 'operations']) {
      for (const [path, message] of calls(t, t.client, name).slice(0, 8)) {
        if (path === paths.execute && !t.capabilities.hasExecutionCapabilities()) continue
        isCode(await callFailure(t.client, path, message), 'INVALID_ARGUMENT', `${path} with "${name}"`)
      }
    }
  },
  { level: 'D' },
)

test('GEN-03: the name that the client was told works in every service', async (t) => {
  const blob = t.blob('every service')
  await store(t.client, blob)
  await upload(t.client, t.blob('by stream'))
  assert.equal(await findMissing(t.client, [blob.digest, t.blob('by stream').digest]), [])
  const action = await storedAction(t.client, t.unique())
  await updateResult(t.client, action.digest, new reapi.ActionResult().setExitCode(1))
  assert.is((await getResult(t.client, action.digest)).getExitCode(), 1)
})

test('GEN-04: results of one instance are not those of another', async (t) => {
  const { digest } = await storedAction(t.client, t.unique())
  await updateResult(t.client, digest, new reapi.ActionResult().setExitCode(3))
  for (const name of ['another', 'another/one', 'x']) {
    if (name === t.client.instance) continue
    const request = getResultRequest(t.client, digest).setInstanceName(name)
    // A server may not know the name at all.
    isCode(await failure(getResult(t.client, request)), ['NOT_FOUND', 'INVALID_ARGUMENT', 'PERMISSION_DENIED'], name)
  }
})

test('GEN-04: of several that a server serves, each has its own', async (t) => {
  t.own
  const { digest } = await storedAction(t.client, t.unique())
  const names = ['team', 'team/a', 'team/b', '']
  for (const [n, name] of names.entries()) {
    const result = new reapi.ActionResult().setExitCode(n + 1)
    const request = updateResultRequest(t.client, digest, result).setInstanceName(name)
    await t.client.unary(paths.updateActionResult, request)
  }
  for (const [n, name] of names.entries()) {
    const request = getResultRequest(t.client, digest).setInstanceName(name)
    assert.is((await getResult(t.client, request)).getExitCode(), n + 1, name)
  }
})
