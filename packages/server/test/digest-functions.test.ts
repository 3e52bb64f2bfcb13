// Every digest function through every call that carries digests, on one server that has them all.
import {
  digestMessage,
  execute,
  failure,
  lastOf,
  paths,
  type RawClient,
  read,
  readRequest,
  updateRequest,
  upload,
  uploadName,
} from '@gorego/conformance/client'
import {
  BLAKE3,
  Digest,
  type DigestFunction,
  digestFunctions,
  emptyDigest,
  MD5,
  reapi,
  SHA1,
  SHA256,
  SHA512,
} from '@gorego/core'
import {
  type ActionMessages,
  type BuiltAction,
  blobOf,
  blobOfSize,
  buildAction,
  type TestBlob,
  temporaryDirectory,
} from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

let rig: ServerRig
let client: RawClient
test.before(async () => {
  rig = await ServerRig.start()
  client = rig.client
})
test.after(() => rig.stop())

type Value = reapi.DigestFunctionValue
const { UNKNOWN } = reapi.DigestFunction.Value
const numberOf = (fn: DigestFunction) => fn.value as Value

async function findMissing(digests: readonly Digest[], value: Value): Promise<string[]> {
  const request = new reapi.FindMissingBlobsRequest()
    .setDigestFunction(value)
    .setBlobDigestsList(digests.map(digestMessage))
  const response = await client.unary(paths.findMissingBlobs, request)
  return reapi.FindMissingBlobsResponse.deserializeBinary(response)
    .getMissingBlobDigestsList()
    .map((digest) => `${digest.getHash()}/${digest.getSizeBytes()}`)
}

const isMissing = async ({ digest }: Pick<TestBlob, 'digest'>) =>
  (await findMissing([digest], numberOf(digest.fn))).length > 0

async function batchUpdate(blobs: readonly TestBlob[], value: Value): Promise<number[]> {
  const response = await client.unary(paths.batchUpdateBlobs, updateRequest(client, blobs).setDigestFunction(value))
  const entries = reapi.BatchUpdateBlobsResponse.deserializeBinary(response).getResponsesList()
  return entries.map((entry) => entry.getStatus()?.getCode() ?? -1)
}

async function batchRead(digests: readonly Digest[], value: Value): Promise<(string | number)[]> {
  const request = new reapi.BatchReadBlobsRequest().setDigestsList(digests.map(digestMessage)).setDigestFunction(value)
  const response = await client.unary(paths.batchReadBlobs, request)
  return reapi.BatchReadBlobsResponse.deserializeBinary(response)
    .getResponsesList()
    .map((entry) => entry.getStatus()?.getCode() || Buffer.from(entry.getData_asU8()).toString())
}

async function uploadBuilt(action: BuiltAction): Promise<BuiltAction> {
  const codes = await batchUpdate(action.blobs, numberOf(action.digest.fn))
  assert.equal(
    codes,
    codes.map(() => 0),
  )
  return action
}

const executeRequest = (action: BuiltAction, value: Value) =>
  new reapi.ExecuteRequest().setActionDigest(digestMessage(action.digest)).setDigestFunction(value)

const NOT_FOUND = 5
const INVALID_ARGUMENT = 3
const FAILED_PRECONDITION = 9

async function capabilities(server: ServerRig): Promise<reapi.ServerCapabilities> {
  const request = new reapi.GetCapabilitiesRequest()
  return reapi.ServerCapabilities.deserializeBinary(await server.client.unary(paths.getCapabilities, request))
}

test('CP-02: everything that can be computed here is advertised, for the cache and for execution', async () => {
  const answer = await capabilities(rig)
  const all = digestFunctions.map(numberOf)
  assert.equal(answer.getCacheCapabilities()?.getDigestFunctionsList(), all)
  assert.equal(answer.getExecutionCapabilities()?.getDigestFunctionsList(), all)
  assert.is(answer.getExecutionCapabilities()?.getDigestFunction(), numberOf(SHA256))
})

test('CP-02: what is configured is advertised, the first one as the one for execution', async () => {
  await using server = await ServerRig.start({ digestFunctions: ['blake3', 'sha256'] })
  const answer = await capabilities(server)
  assert.equal(answer.getCacheCapabilities()?.getDigestFunctionsList(), [BLAKE3, SHA256].map(numberOf))
  assert.is(answer.getExecutionCapabilities()?.getDigestFunction(), numberOf(BLAKE3))
})

for (const fn of digestFunctions) {
  test(`${fn.name}: what one call stores, the others find and read`, async () => {
    const value = numberOf(fn)
    const batched = blobOf(`batched ${fn.name}`, fn)
    const written = blobOfSize(700_000, `written ${fn.name}`, fn)
    assert.equal(await findMissing([batched.digest, written.digest, emptyDigest(fn)], value), [
      `${batched.digest.hash}/${batched.bytes.length}`,
      `${written.digest.hash}/${written.bytes.length}`,
    ])
    assert.equal(await batchUpdate([batched], value), [0])
    assert.is(await upload(client, written), written.bytes.length)
    assert.equal(await findMissing([batched.digest, written.digest], value), [])
    assert.equal(await batchRead([batched.digest], value), [`batched ${fn.name}`])
    assert.is(Buffer.compare(await read(client, written.digest), written.bytes), 0)
    assert.is((await read(client, emptyDigest(fn))).length, 0)
    const status = await client.unary(
      paths.queryWriteStatus,
      new reapi.QueryWriteStatusRequest().setResourceName(uploadName(client, written.digest)),
    )
    assert.ok(reapi.QueryWriteStatusResponse.deserializeBinary(status).getComplete())
  })

  test(`BW-05: ${fn.name}: content with another hash is refused`, async () => {
    const { digest } = blobOf(`right ${fn.name}`, fn)
    const bytes = Buffer.from(`wrong ${fn.name}`)
    assert.equal(await batchUpdate([{ digest, bytes }], numberOf(fn)), [INVALID_ARGUMENT])
    assert.is((await failure(upload(client, { digest, bytes }))).code, 'INVALID_ARGUMENT')
    assert.ok(await isMissing({ digest }))
  })

  test(`DIG-09: ${fn.name}: an action and all of its results`, async () => {
    const action = await uploadBuilt(buildAction(thorough(`by ${fn.name}`), fn))
    const done = await lastOf(execute(client, executeRequest(action, numberOf(fn))))
    assert.is(done.code, 0, done.response.getMessage())
    const metadata = reapi.ExecuteOperationMetadata.deserializeBinary(
      done.operation.getMetadata()?.getValue_asU8() ?? Buffer.of(),
    )
    assert.is(metadata.getDigestFunction(), numberOf(fn))
    await isThorough(done.response.getResult(), fn)

    const request = new reapi.GetActionResultRequest()
      .setActionDigest(digestMessage(action.digest))
      .setDigestFunction(numberOf(fn))
      .setInlineStdout(true)
      .setInlineOutputFilesList(['file'])
    const result = reapi.ActionResult.deserializeBinary(await client.unary(paths.getActionResult, request))
    await isThorough(result, fn)
    assert.is(Buffer.from(result.getStdoutRaw_asU8()).toString(), `by ${fn.name}\n`)
    assert.is(Buffer.from(result.getOutputFilesList()[0]?.getContents_asU8() ?? []).toString(), 'content\n')

    const again = await lastOf(execute(client, executeRequest(action, numberOf(fn))))
    assert.ok(again.response.getCachedResult())
  })

  test(`GT-02: ${fn.name}: a tree is walked in its function`, async () => {
    const action = await uploadBuilt(
      buildAction({ inputs: { a: { directory: { b: { directory: { c: fn.name } } } } } }, fn),
    )
    const request = new reapi.GetTreeRequest()
      .setRootDigest(digestMessage(action.inputRootDigest))
      .setDigestFunction(numberOf(fn))
    let count = 0
    for await (const page of client.serverStream(paths.getTree, request)) {
      count += reapi.GetTreeResponse.deserializeBinary(page as Buffer).getDirectoriesList().length
    }
    assert.is(count, 3)
  })

  test(`AC-02: ${fn.name}: a result that a client stores is served while its blobs are there`, async () => {
    const output = blobOf(`output ${fn.name}`, fn)
    const action = blobOf(`some action ${fn.name}`, fn)
    const file = new reapi.OutputFile().setPath('out').setDigest(digestMessage(output.digest))
    const update = new reapi.UpdateActionResultRequest()
      .setActionDigest(digestMessage(action.digest))
      .setDigestFunction(numberOf(fn))
      .setActionResult(new reapi.ActionResult().setOutputFilesList([file]))
    await client.unary(paths.updateActionResult, update)
    const request = new reapi.GetActionResultRequest()
      .setActionDigest(digestMessage(action.digest))
      .setDigestFunction(numberOf(fn))
    assert.is((await failure(client.unary(paths.getActionResult, request))).code, 'NOT_FOUND')
    await batchUpdate([output], numberOf(fn))
    await client.unary(paths.getActionResult, request)
  })
}

/** An action with an input, and outputs of every kind. */
function thorough(text: string): ActionMessages {
  const script = `mkdir -p tree/below && cat input && cat input >&2 && echo content > file && cp input tree/below/copy`
  return {
    argv: ['/bin/sh', '-c', script],
    env: [['PATH', '/usr/bin:/bin']],
    inputs: { input: `${text}\n` },
    outputPaths: ['file', 'tree'],
  }
}

/** Every digest of the result is of that function, and its blob is there. */
async function isThorough(result: reapi.ActionResult | undefined, fn: DigestFunction): Promise<void> {
  const input = blobOf(`by ${fn.name}\n`, fn).digest
  const is = (message: reapi.Digest | undefined, digest: Digest) => assert.is(message?.getHash(), digest.hash)
  is(result?.getStdoutDigest(), input)
  is(result?.getStderrDigest(), input)
  is(result?.getOutputFilesList()[0]?.getDigest(), blobOf('content\n', fn).digest)
  const treeDigest = reapi.fromDigestMessage(fn, result?.getOutputDirectoriesList()[0]?.getTreeDigest(), 'tree')
  const bytes = await read(client, treeDigest)
  assert.ok(Digest.ofBytes(fn, bytes).equals(treeDigest))
  const tree = reapi.Tree.deserializeBinary(bytes)
  const [below] = tree.getChildrenList()
  is(tree.getRoot()?.getDirectoriesList()[0]?.getDigest(), Digest.ofBytes(fn, below?.serializeBinary() ?? Buffer.of()))
  is(below?.getFilesList()[0]?.getDigest(), input)
  assert.equal(await findMissing([input, treeDigest], numberOf(fn)), [])
}

test('DIG-04: hashes of different lengths need no function', async () => {
  for (const fn of digestFunctions.filter((each) => !each.explicit)) {
    const blob = blobOf(`inferred ${fn.name}`, fn)
    assert.equal(await batchUpdate([blob], UNKNOWN), [0])
    assert.equal(await findMissing([blob.digest], UNKNOWN), [])
    assert.equal(await batchRead([blob.digest], UNKNOWN), [`inferred ${fn.name}`])
    const action = await uploadBuilt(buildAction({ argv: ['/bin/echo', 'inferred'] }, fn))
    const { response, code } = await lastOf(execute(client, executeRequest(action, UNKNOWN)))
    assert.is(code, 0)
    assert.is(response.getResult()?.getStdoutDigest()?.getHash(), blobOf('inferred\n', fn).digest.hash)
  }
})

test('DIG-05: 64 digits without a function are SHA-256, never BLAKE3', async () => {
  const blob = blobOf('explicit only', BLAKE3)
  assert.equal(await batchUpdate([blob], UNKNOWN), [INVALID_ARGUMENT])
  assert.equal(await batchUpdate([blob], numberOf(BLAKE3)), [0])
  assert.is((await findMissing([blob.digest], UNKNOWN)).length, 1)
  assert.equal(await batchRead([blob.digest], UNKNOWN), [NOT_FOUND])
})

test('DIG-07: one hash under SHA-256 and BLAKE3 is two blobs, in every call', async () => {
  const asSha256 = blobOf('two functions', SHA256)
  const asBlake3 = Digest.of(BLAKE3, asSha256.digest.hash, asSha256.bytes.length)
  await upload(client, asSha256)
  assert.not(await isMissing(asSha256))
  assert.ok(await isMissing({ digest: asBlake3 }))
  assert.is((await failure(client.serverStream(paths.read, readRequest(client, asBlake3)))).code, 'NOT_FOUND')
  assert.equal(await batchRead([asBlake3], numberOf(BLAKE3)), [NOT_FOUND])
  const pretended = { digest: asBlake3, bytes: asSha256.bytes }
  assert.is((await failure(upload(client, pretended))).code, 'INVALID_ARGUMENT')
  assert.equal(await batchUpdate([pretended], numberOf(BLAKE3)), [INVALID_ARGUMENT])
  assert.is(Buffer.compare(await read(client, asSha256.digest), asSha256.bytes), 0)
})

test('DIG-07: a result under one function is none under another', async () => {
  const action = await uploadBuilt(buildAction({ argv: ['/bin/echo', 'one function'] }))
  assert.is((await lastOf(execute(client, executeRequest(action, numberOf(SHA256))))).code, 0)
  const request = new reapi.GetActionResultRequest().setActionDigest(digestMessage(action.digest))
  await client.unary(paths.getActionResult, request)
  const other = failure(client.unary(paths.getActionResult, request.setDigestFunction(numberOf(BLAKE3))))
  assert.is((await other).code, 'NOT_FOUND')
})

test('GT-05: a page token is for one root, of one function', async () => {
  const { inputRootDigest, blobs } = buildAction({ inputs: { a: { directory: { b: 'page' } } } })
  await batchUpdate(blobs, numberOf(SHA256))
  const request = new reapi.GetTreeRequest().setRootDigest(digestMessage(inputRootDigest)).setPageSize(1)
  let token = ''
  for await (const page of client.serverStream(paths.getTree, request)) {
    token ||= reapi.GetTreeResponse.deserializeBinary(page as Buffer).getNextPageToken()
  }
  assert.ok(token !== '')
  for await (const _ of client.serverStream(paths.getTree, request.setPageToken(token)));
  const elsewhere = request.setDigestFunction(numberOf(BLAKE3))
  assert.not.equal((await failure(client.serverStream(paths.getTree, elsewhere))).code, 'OK')
})

test('DIG-06: all digests of a request are of one function', async () => {
  const one = blobOf('one', SHA256)
  const other = blobOf('other', SHA1)
  const mixed = [digestMessage(one.digest), digestMessage(other.digest)]
  for (const value of [UNKNOWN, numberOf(SHA256), numberOf(SHA1)]) {
    const request = new reapi.FindMissingBlobsRequest().setDigestFunction(value).setBlobDigestsList(mixed)
    assert.is((await failure(client.unary(paths.findMissingBlobs, request))).code, 'INVALID_ARGUMENT')
  }
  assert.equal(await batchUpdate([one, other], UNKNOWN), [0, INVALID_ARGUMENT])
  assert.equal(await batchUpdate([other, one], UNKNOWN), [0, INVALID_ARGUMENT])
  assert.equal(await batchRead([one.digest, other.digest], UNKNOWN), ['one', INVALID_ARGUMENT])
})

test('BU-01, RD-02: one digest that is none does not keep the others from being understood', async () => {
  const blob = blobOf('among strange ones', SHA512)
  const request = updateRequest(client, [blob, blob]).setDigestFunction(UNKNOWN)
  request.getRequestsList()[0]?.setDigest(new reapi.Digest().setHash('none').setSizeBytes(1))
  const response = reapi.BatchUpdateBlobsResponse.deserializeBinary(await client.unary(paths.batchUpdateBlobs, request))
  const codes = response.getResponsesList().map((entry) => entry.getStatus()?.getCode())
  assert.equal(codes, [INVALID_ARGUMENT, 0])
})

test('EX-06: what a BLAKE3 action lacks is named with its function', async () => {
  const action = buildAction({ argv: ['/bin/true'], inputs: { file: 'never uploaded' } }, BLAKE3)
  const { digest } = blobOf('never uploaded', BLAKE3)
  await batchUpdate(
    action.blobs.filter((blob) => !blob.digest.equals(digest)),
    numberOf(BLAKE3),
  )
  const done = await lastOf(execute(client, executeRequest(action, numberOf(BLAKE3))))
  assert.is(done.code, FAILED_PRECONDITION)
  const [detail] = done.response.getStatus()?.getDetailsList() ?? []
  const violations = reapi.PreconditionFailure.deserializeBinary(
    detail?.getValue_asU8() ?? Buffer.of(),
  ).getViolationsList()
  assert.equal(
    violations.map((each) => each.getSubject()),
    [`blobs/blake3/${digest.hash}/${digest.sizeBytes}`],
  )
})

test('DIG-09: an action whose digests are of another function than its own is refused', async () => {
  const { blobs } = buildAction({ argv: ['/bin/true'] }, SHA1)
  await batchUpdate(blobs, numberOf(SHA1))
  const bytes = blobs.at(-1)?.bytes ?? Buffer.of()
  const action = blobOf(bytes, SHA256)
  await batchUpdate([action], numberOf(SHA256))
  const request = new reapi.ExecuteRequest().setActionDigest(digestMessage(action.digest))
  const { code } = await lastOf(execute(client, request))
  assert.is(code, INVALID_ARGUMENT)
})

test('GEN-08: functions that are not advertised are refused, however they are meant', async () => {
  await using server = await ServerRig.start({ digestFunctions: ['sha256'] })
  const unary = (path: string, message: Uint8Array) => failure(server.client.unary(path, message))
  for (const fn of [BLAKE3, SHA1, MD5]) {
    const { digest, bytes } = blobOf('not here', fn)
    const message = digestMessage(digest)
    const requests = {
      [paths.findMissingBlobs]: new reapi.FindMissingBlobsRequest().setBlobDigestsList([message]),
      [paths.batchUpdateBlobs]: updateRequest(client, [{ digest, bytes }]),
      [paths.batchReadBlobs]: new reapi.BatchReadBlobsRequest().setDigestsList([message]),
      [paths.getActionResult]: new reapi.GetActionResultRequest().setActionDigest(message),
      [paths.updateActionResult]: new reapi.UpdateActionResultRequest()
        .setActionDigest(message)
        .setActionResult(new reapi.ActionResult().setExitCode(1)),
    }
    for (const [path, request] of Object.entries(requests)) {
      const named = await unary(path, request.setDigestFunction(numberOf(fn)).serializeBinary())
      assert.is(named.code, 'INVALID_ARGUMENT', path)
      assert.match(named.message, 'which are sha256')
    }
    assert.is(
      (await failure(server.client.serverStream(paths.read, readRequest(client, digest)))).code,
      'INVALID_ARGUMENT',
    )
    assert.is((await failure(upload(server.client, { digest, bytes }))).code, 'INVALID_ARGUMENT')
    const executions = new reapi.ExecuteRequest().setActionDigest(message).setDigestFunction(numberOf(fn))
    assert.is((await failure(server.client.serverStream(paths.execute, executions))).code, 'INVALID_ARGUMENT')
    const tree = new reapi.GetTreeRequest().setRootDigest(message).setDigestFunction(numberOf(fn))
    assert.is((await failure(server.client.serverStream(paths.getTree, tree))).code, 'INVALID_ARGUMENT')
  }
  for (const value of [4, 7, 8, 10, 99] as Value[]) {
    const request = new reapi.FindMissingBlobsRequest().setDigestFunction(value)
    assert.is((await unary(paths.findMissingBlobs, request.serializeBinary())).code, 'INVALID_ARGUMENT')
  }
  const short = new reapi.FindMissingBlobsRequest().setBlobDigestsList([digestMessage(blobOf('x', SHA1).digest)])
  assert.is((await unary(paths.findMissingBlobs, short.serializeBinary())).code, 'INVALID_ARGUMENT')
})

test('blobs of functions that a server stops offering are there when it offers them again', async () => {
  const blob = blobOf('kept', SHA512)
  using directory = temporaryDirectory()
  {
    await using first = await ServerRig.start({ directory: directory.path })
    await upload(first.client, blob)
  }
  {
    await using other = await ServerRig.start({ directory: directory.path, digestFunctions: ['sha256'] })
    assert.is(
      (await failure(other.client.serverStream(paths.read, readRequest(client, blob.digest)))).code,
      'INVALID_ARGUMENT',
    )
  }
  await using third = await ServerRig.start({ directory: directory.path, digestFunctions: ['sha512'] })
  assert.is(Buffer.compare(await read(third.client, blob.digest), blob.bytes), 0)
})

test.run()
