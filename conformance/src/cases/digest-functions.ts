import { type Digest, type DigestFunctionName, loadDigestFunction, reapi } from '@gorego/core'
import { buildAction } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import {
  BLAKE3_VECTORS,
  BY_LENGTH,
  batchRead,
  batchReadRequest,
  batchUpdate,
  execute,
  failure,
  hashed,
  isCode,
  lastOf,
  named,
  paths,
  readChunks,
  store,
  treeOf,
  uploadAction,
  write,
  writeRequests,
} from '../client/index.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const digestFunctions = new Cases()
const { test } = digestFunctions

const { OK, INVALID_ARGUMENT } = reapi.RpcCode
const { SHA256, BLAKE3, UNKNOWN } = reapi.DigestFunction.Value

interface Entry {
  readonly digest: reapi.Digest
  readonly bytes: Uint8Array
}

async function missing(t: Tester, digest: reapi.Digest, fn: reapi.DigestFunctionValue): Promise<boolean> {
  const request = new reapi.FindMissingBlobsRequest()
    .setInstanceName(t.client.instance)
    .setDigestFunction(fn)
    .setBlobDigestsList([digest])
  const answer = await t.client.unary(paths.findMissingBlobs, request)
  return reapi.FindMissingBlobsResponse.deserializeBinary(answer).getMissingBlobDigestsList().length > 0
}

async function update(t: Tester, fn: reapi.DigestFunctionValue, ...entries: Entry[]): Promise<number[]> {
  const request = new reapi.BatchUpdateBlobsRequest().setInstanceName(t.client.instance).setDigestFunction(fn)
  for (const { digest, bytes } of entries) {
    request.addRequests(new reapi.BatchUpdateBlobsRequest.Request().setDigest(digest).setData(Uint8Array.from(bytes)))
  }
  return await batchUpdate(t.client, request)
}

const tailOf = (digest: reapi.Digest) => `${digest.getHash()}/${digest.getSizeBytes()}`

async function readNamed(t: Tester, tail: string): Promise<string> {
  const request = new reapi.ReadRequest().setResourceName(named(t.client, `blobs/${tail}`))
  return Buffer.concat(await readChunks(t.client, request)).toString()
}

for (const { name, algorithm } of BY_LENGTH) {
  const fn = reapi.DigestFunction.Value[name]

  test(`DIG-04, RN-06: ${name} is known by the length of its hashes, and need not be named`, async (t) => {
    t.needsDigestFunction(fn, name)
    const [one, two, wrong] = ['one', 'two', 'wrong'].map((text) => hashed(algorithm, Buffer.from(t.unique(text))))
    if (one === undefined || two === undefined || wrong === undefined) throw new Error('three texts are three blobs')
    assert.equal(await update(t, UNKNOWN, one, { digest: wrong.digest, bytes: two.bytes }), [OK, INVALID_ARGUMENT])
    assert.equal(await update(t, fn, two), [OK])
    for (const each of [one, two]) {
      assert.not(await missing(t, each.digest, fn))
      assert.not(await missing(t, each.digest, UNKNOWN))
      assert.is(await readNamed(t, tailOf(each.digest)), Buffer.from(each.bytes).toString())
    }
    assert.ok(await missing(t, wrong.digest, fn))
    const written = hashed(algorithm, Buffer.from(t.unique('written')))
    const upload = named(t.client, `uploads/1/blobs/${tailOf(written.digest)}`)
    assert.is(await write(t.client, writeRequests(written, { name: upload })), written.bytes.length)
    assert.not(await missing(t, written.digest, UNKNOWN))
  })
}

test('DIG-05: 64 digits without a function are SHA-256, whatever else has as many', async (t) => {
  t.needsDigestFunction(BLAKE3, 'BLAKE3')
  for (const { text, hash } of BLAKE3_VECTORS.filter(({ text }) => text !== '')) {
    const blob = { digest: new reapi.Digest().setHash(hash).setSizeBytes(text.length), bytes: Buffer.from(text) }
    assert.equal(await update(t, BLAKE3, blob), [OK])
    assert.not(await missing(t, blob.digest, BLAKE3))
    assert.ok(await missing(t, blob.digest, UNKNOWN))
    assert.ok(await missing(t, blob.digest, SHA256))
    assert.equal(await update(t, UNKNOWN, blob), [INVALID_ARGUMENT])
  }
})

test('DIG-05, RN-06: BLAKE3 hashes are those of its specification; resource names spell it out', async (t) => {
  t.needsDigestFunction(BLAKE3, 'BLAKE3')
  for (const { text, hash } of BLAKE3_VECTORS) {
    const tail = `blake3/${hash}/${text.length}`
    const upload = named(t.client, `uploads/1/blobs/${tail}`)
    assert.is(await write(t.client, writeRequests({ bytes: Buffer.from(text) }, { name: upload })), text.length)
    assert.is(await readNamed(t, tail), text)
  }
})

test('DIG-07: one and the same hash is two names under SHA-256 and BLAKE3', async (t) => {
  t.needsDigestFunction(BLAKE3, 'BLAKE3')
  const blob = t.blob('sha256 only')
  await store(t.client, blob)
  const digest = new reapi.Digest().setHash(blob.digest.hash).setSizeBytes(blob.bytes.length)
  assert.not(await missing(t, digest, SHA256))
  assert.ok(await missing(t, digest, BLAKE3))
  isCode(await failure(readNamed(t, `blake3/${tailOf(digest)}`)), 'NOT_FOUND')
  // The bytes do not have that BLAKE3 hash.
  assert.equal(await update(t, BLAKE3, { digest, bytes: blob.bytes }), [INVALID_ARGUMENT])
  assert.is(await readNamed(t, tailOf(digest)), t.unique('sha256 only'))
})

test('DIG-07, DIG-06: an action result under one function is none under the other', async (t) => {
  t.needsDigestFunction(BLAKE3, 'BLAKE3')
  const digest = new reapi.Digest().setHash(t.strangeHash()).setSizeBytes(100)
  const update = new reapi.UpdateActionResultRequest()
    .setInstanceName(t.client.instance)
    .setDigestFunction(BLAKE3)
    .setActionDigest(digest)
    .setActionResult(new reapi.ActionResult().setExitCode(7))
  await t.client.unary(paths.updateActionResult, update)
  const get = (fn: reapi.DigestFunctionValue) => {
    const request = new reapi.GetActionResultRequest().setInstanceName(t.client.instance).setActionDigest(digest)
    return t.client.unary(paths.getActionResult, request.setDigestFunction(fn))
  }
  assert.is(reapi.ActionResult.deserializeBinary(await get(BLAKE3)).getExitCode(), 7)
  isCode(await failure(get(SHA256)), 'NOT_FOUND')
  isCode(await failure(get(UNKNOWN)), 'NOT_FOUND')
})

for (const name of ['SHA256', 'SHA1', 'SHA384', 'SHA512', 'MD5', 'BLAKE3'] as const) {
  test(`DIG-09: an action under ${name} has outputs under ${name}, inside Trees, too`, async (t) => {
    t.needsExecution()
    const functions = t.capabilities.getExecutionCapabilities()?.getDigestFunctionsList() ?? []
    const value = reapi.DigestFunction.Value[name]
    if (name !== 'SHA256' && !functions.includes(value)) t.notApplicable(`the server executes nothing under ${name}`)
    const fn = await loadDigestFunction(name.toLowerCase() as DigestFunctionName).catch((error: Error) =>
      t.notApplicable(`this suite cannot compute ${name}: ${error.message}`),
    )
    const action = buildAction(
      {
        argv: ['/bin/sh', '-c', 'mkdir -p d/e; cp in d/e/f; cp in out; cat in'],
        env: [['PATH', '/usr/bin:/bin']],
        inputs: { in: t.unique('content') },
        outputPaths: ['d', 'out'],
        salt: t.unique(),
      },
      fn,
    )
    await uploadAction(t.client, action)
    const { code, result, metadata } = await lastOf(execute(t.client, action.digest))
    assert.is(code, OK)
    if (metadata.getDigestFunction() !== UNKNOWN) assert.is(metadata.getDigestFunction(), value)
    const content = await contentOf(t, action.digest, result.getOutputFilesList()[0]?.getDigest())
    assert.is(content, t.unique('content'))
    assert.is(await contentOf(t, action.digest, result.getStdoutDigest()), t.unique('content'))
    const treeDigest = result.getOutputDirectoriesList()[0]?.getTreeDigest()
    const tree = reapi.Tree.deserializeBinary(await bytesUnder(t, action.digest, treeDigest))
    const [child] = tree.getChildrenList()
    assert.is(child?.getFilesList()[0]?.getDigest()?.getHash().length, fn.hashLength)
    assert.is(await contentOf(t, action.digest, child?.getFilesList()[0]?.getDigest()), t.unique('content'))
  })
}

async function contentOf(t: Tester, like: Digest, digest: reapi.Digest | undefined): Promise<string> {
  return (await bytesUnder(t, like, digest)).toString()
}

/** Reads a blob under the function of another digest. */
async function bytesUnder(t: Tester, like: Digest, digest: reapi.Digest | undefined): Promise<Buffer> {
  assert.is(digest?.getHash().length, like.hash.length)
  const request = batchReadRequest(t.client, [digest ?? new reapi.Digest()])
  if (like.fn.explicit) request.setDigestFunction(like.fn.value as reapi.DigestFunctionValue)
  const [entry] = await batchRead(t.client, request)
  assert.is(entry?.code, OK, 'it cannot be read under the function of its action')
  return entry?.data ?? Buffer.alloc(0)
}

test('DIG-08: the Directories and the Tree that the server writes are in the one canonical form', async (t) => {
  t.needsExecution()
  // U+FFFF sorts before U+1F4E6 as UTF-8, and behind it as UTF-16.
  const script = `mkdir -p out/b out/a/deep; for name in z B é ${'\uffff'} 📦; do echo x > "out/$name"; done; ln -s z out/l`
  const { result } = await t.run(script, { outputPaths: ['out'] })
  const { root, bytes } = await treeOf(t.client, result.getOutputDirectoriesList()[0])
  assert.equal(
    root.getFilesList().map((file) => file.getName()),
    ['B', 'z', 'é', '\uffff', '📦'].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b))),
  )
  if (bytes === undefined) return t.notApplicable('the server writes no Tree')
  const again = reapi.Tree.deserializeBinary(bytes).serializeBinary()
  assert.ok(Buffer.from(again).equals(bytes), 'fields out of order, unknown ones, or defaults that are spelled out')
})

test('DIG-08: results are the same bytes whenever they are asked for', async (t) => {
  t.needsExecution()
  const action = t.shell('echo stable > out', { outputPaths: ['out'] })
  await t.run(action)
  const request = new reapi.GetActionResultRequest()
    .setInstanceName(t.client.instance)
    .setActionDigest(new reapi.Digest().setHash(action.digest.hash).setSizeBytes(action.digest.sizeBytes))
  const [one, two] = [
    await t.client.unary(paths.getActionResult, request),
    await t.client.unary(paths.getActionResult, request),
  ]
  assert.ok(one.equals(two))
  assert.ok(Buffer.from(reapi.ActionResult.deserializeBinary(one).serializeBinary()).equals(one))
})
