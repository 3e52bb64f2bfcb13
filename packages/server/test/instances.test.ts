import {
  digestMessage,
  execute,
  executeRequest,
  failure,
  lastOf,
  paths,
  type Sendable,
  shell,
  uploadAction,
  writeRequest,
} from '@gorego/conformance/client'
import { type Digest, reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ instanceNames: ['', 'team/a'] })
})
test.after(() => rig.stop())

/** Every call that has to do with an instance, with names and digests that are good otherwise. */
function calls(instance: string, digest: Digest): Record<string, readonly [path: string, message: Sendable]> {
  const of = digestMessage(digest)
  const prefix = instance === '' ? '' : `${instance}/`
  const upload = `${prefix}uploads/0f6a/blobs/${digest}`
  return {
    capabilities: [paths.getCapabilities, new reapi.GetCapabilitiesRequest().setInstanceName(instance)],
    find: [paths.findMissingBlobs, new reapi.FindMissingBlobsRequest().setInstanceName(instance)],
    update: [paths.batchUpdateBlobs, new reapi.BatchUpdateBlobsRequest().setInstanceName(instance)],
    batchRead: [paths.batchReadBlobs, new reapi.BatchReadBlobsRequest().setInstanceName(instance)],
    tree: [paths.getTree, new reapi.GetTreeRequest().setInstanceName(instance).setRootDigest(of)],
    read: [paths.read, new reapi.ReadRequest().setResourceName(`${prefix}blobs/${digest}`)],
    write: [paths.write, writeRequest({ name: upload, finish: true })],
    status: [paths.queryWriteStatus, new reapi.QueryWriteStatusRequest().setResourceName(upload)],
    result: [paths.getActionResult, new reapi.GetActionResultRequest().setInstanceName(instance).setActionDigest(of)],
    updateResult: [
      paths.updateActionResult,
      new reapi.UpdateActionResultRequest().setInstanceName(instance).setActionDigest(of),
    ],
    execute: [paths.execute, new reapi.ExecuteRequest().setInstanceName(instance).setActionDigest(of)],
    operations: [paths.listOperations, new reapi.ListOperationsRequest().setName(instance)],
  }
}

const streams: readonly string[] = [paths.read, paths.getTree, paths.execute]

/** `OK`, or how it failed. */
async function outcome([path, message]: readonly [string, Sendable]): Promise<string> {
  try {
    const { code, message: why } = await failure(call(path, message))
    return why.includes('there is no instance') ? `${code}: no such instance` : code
  } catch {
    return 'OK'
  }
}

function call(path: string, message: Sendable): Promise<unknown> | AsyncIterable<unknown> {
  if (streams.includes(path)) return rig.client.serverStream(path, message)
  if (path !== paths.write) return rig.client.unary(path, message)
  const upload = rig.client.clientStream(path)
  void upload.send(message)
  upload.end()
  return upload.response
}

test('GEN-03: an instance that is not listed is refused by every call, in the same way', async () => {
  const { digest } = blobOf('instances')
  for (const unknown of ['team', 'team/b', 'team/a/b', 'Team/A']) {
    for (const [name, each] of Object.entries(calls(unknown, digest))) {
      assert.is(await outcome(each), 'INVALID_ARGUMENT: no such instance', `${name} ${unknown}`)
    }
  }
})

test('GEN-03: those that are listed are served', async () => {
  const { digest } = blobOf('nobody has this')
  for (const known of ['', 'team/a']) {
    for (const [name, each] of Object.entries(calls(known, digest))) {
      assert.not.match(await outcome(each), /no such instance/, `${name} ${known}`)
    }
  }
})

test('GEN-03: the empty name is one that has to be listed like any other', async () => {
  await using strict = await ServerRig.start({ instanceNames: ['main'], execution: { enabled: false } })
  const { code, message } = await failure(
    strict.client.unary(paths.getCapabilities, new reapi.GetCapabilitiesRequest()),
  )
  assert.is(code, 'INVALID_ARGUMENT')
  assert.match(message, /no instance "" here.*instance_names/)
})

test('OP-02: names of operations do not depend on the instance; a list can be of one instance', async () => {
  const action = await uploadAction(rig.client, shell('echo whose'))
  const names: string[] = []
  for (const instance of ['', 'team/a']) {
    const { name } = await lastOf(
      execute(rig.client, executeRequest(rig.client, action.digest).setInstanceName(instance)),
    )
    assert.match(name, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    names.push(name)
  }
  const list = async (name: string) => {
    const response = await rig.client.unary(paths.listOperations, new reapi.ListOperationsRequest().setName(name))
    const operations = reapi.ListOperationsResponse.deserializeBinary(response).getOperationsList()
    return operations.map((each) => each.getName()).filter((each) => names.includes(each))
  }
  assert.equal(await list(''), names)
  assert.equal(await list('team/a'), names.slice(1))
})

test.run()
