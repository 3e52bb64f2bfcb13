import { digestMessage, failure, paths, store, upload } from '@gorego/conformance/client'
import { type Digest, emptyDigest, reapi, SHA256 } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

let rig: ServerRig
test.before(async () => {
  rig = await ServerRig.start({ execution: { enabled: false } })
})
test.after(() => rig.stop())

interface Hints {
  readonly instance?: string
  readonly stdout?: boolean
  readonly stderr?: boolean
  readonly files?: string[]
}

function getRequest(
  action: Digest,
  { instance = '', stdout, stderr, files }: Hints = {},
): reapi.GetActionResultRequest {
  return new reapi.GetActionResultRequest()
    .setInstanceName(instance)
    .setActionDigest(digestMessage(action))
    .setInlineStdout(stdout ?? false)
    .setInlineStderr(stderr ?? false)
    .setInlineOutputFilesList(files ?? [])
}

async function get(action: Digest, hints: Hints = {}): Promise<reapi.ActionResult> {
  return reapi.ActionResult.deserializeBinary(await rig.client.unary(paths.getActionResult, getRequest(action, hints)))
}

async function getFailure(action: Digest, hints: Hints = {}): Promise<string> {
  return (await failure(rig.client.unary(paths.getActionResult, getRequest(action, hints)))).code
}

function putRequest(action: Digest, result: reapi.ActionResult, instance = ''): reapi.UpdateActionResultRequest {
  return new reapi.UpdateActionResultRequest()
    .setInstanceName(instance)
    .setActionDigest(digestMessage(action))
    .setActionResult(result)
    .setResultsCachePolicy(new reapi.ResultsCachePolicy().setPriority(5))
}

async function put(action: Digest, result: reapi.ActionResult, instance = ''): Promise<reapi.ActionResult> {
  const response = await rig.client.unary(paths.updateActionResult, putRequest(action, result, instance))
  return reapi.ActionResult.deserializeBinary(response)
}

let actions = 0
const newAction = () => blobOf(`action ${actions++}`).digest

function outputFile(path: string, { digest }: Pick<TestBlob, 'digest'>): reapi.OutputFile {
  return new reapi.OutputFile().setPath(path).setDigest(digestMessage(digest))
}

const resultOf = (...files: reapi.OutputFile[]) => new reapi.ActionResult().setOutputFilesList(files)

test('AC-11, AC-14: what was stored comes back, and the last update wins', async () => {
  const action = newAction()
  const out = blobOf('ac out')
  await store(rig.client, out)
  for (const exitCode of [1, 0, 7]) {
    const result = resultOf(outputFile('a/out', out)).setExitCode(exitCode)
    assert.ok(Buffer.from((await put(action, result)).serializeBinary()).equals(result.serializeBinary()))
    assert.is((await get(action)).getExitCode(), exitCode)
  }
})

test('AC-11: a result is kept as it came, with fields that only a later version of the protocol knows', async () => {
  const action = newAction()
  const known = new reapi.ActionResult().setExitCode(3).serializeBinary()
  // Field 1000, a string.
  const bytes = Buffer.concat([Buffer.of(0xc2, 0x3e, 2), Buffer.from('ok'), known])
  const field = (content: Uint8Array) => Buffer.concat([Buffer.of(0x1a, content.length), content])
  const rest = putRequest(action, new reapi.ActionResult()).clearActionResult().serializeBinary()
  // Sent in two parts, which are one message.
  const request = Buffer.concat([field(bytes.subarray(0, 5)), rest, field(bytes.subarray(5))])
  await rig.client.unary(paths.updateActionResult, { serializeBinary: () => request })
  const kept = await rig.client.unary(paths.getActionResult, getRequest(action))
  assert.is(Buffer.compare(kept, bytes), 0)
})

test('AC-05, AC-11: streams that came inline are kept as blobs, and not sent unless asked for', async () => {
  const action = newAction()
  const stored = await put(
    action,
    new reapi.ActionResult().setStdoutRaw(Buffer.from('out')).setStderrRaw(Buffer.from('err')),
  )
  for (const result of [stored, await get(action)]) {
    assert.is(result.getStdoutRaw_asU8().length + result.getStderrRaw_asU8().length, 0)
    assert.is(result.getStdoutDigest()?.getHash(), blobOf('out').digest.hash)
    assert.is(result.getStderrDigest()?.getHash(), blobOf('err').digest.hash)
  }
})

test('AC-06, AC-07, AC-08: what is asked for is inlined, by exact path; digests stay', async () => {
  const action = newAction()
  const [a, b] = [blobOf('contents of a'), blobOf('contents of b')]
  await store(rig.client, a, b)
  const result = resultOf(
    outputFile('dir/a', a),
    outputFile('b', b),
    outputFile('empty', { digest: emptyDigest(SHA256) }),
  )
  await put(action, result.setStdoutRaw(Buffer.from('out')).setStderrRaw(Buffer.from('err')))
  const some = await get(action, { stdout: true, files: ['dir/a', 'a', './b', 'unknown', 'empty'] })
  assert.equal(
    some.getOutputFilesList().map((file) => Buffer.from(file.getContents_asU8()).toString()),
    ['contents of a', '', ''],
  )
  assert.is(some.getOutputFilesList()[0]?.getDigest()?.getHash(), a.digest.hash)
  assert.is(Buffer.from(some.getStdoutRaw_asU8()).toString(), 'out')
  assert.is(some.getStdoutDigest()?.getHash(), blobOf('out').digest.hash)
  assert.is(some.getStderrRaw_asU8().length, 0)
  assert.is(Buffer.from((await get(action, { stderr: true })).getStderrRaw_asU8()).toString(), 'err')
})

test('AC-06: what would make the message too large is left out', async () => {
  const action = newAction()
  const files = Array.from({ length: 10 }, (_, n) => blobOfSize(500_000, `ac ${n}`))
  const large = blobOfSize(5_000_000, 'ac large')
  for (const blob of [large, ...files]) await upload(rig.client, blob)
  await put(action, resultOf(outputFile('large', large), ...files.map((file, n) => outputFile(`${n}`, file))))
  const wanted = ['large', ...files.keys()].map(String)
  const bytes = await rig.client.unary(paths.getActionResult, getRequest(action, { files: wanted }))
  assert.ok(bytes.length < 4 * 1024 * 1024)
  const inlined = reapi.ActionResult.deserializeBinary(bytes)
    .getOutputFilesList()
    .filter((file) => file.getContents_asU8().length > 0)
  assert.ok(inlined.length > 0 && inlined.every((file) => file.getPath() !== 'large'))
})

test('AC-10: results that no command can have are refused', async () => {
  const blob = blobOf('x')
  const bad: reapi.ActionResult[] = [
    ...['/etc/passwd', '../up', 'a/../../b', 'nul\0'].map((path) => resultOf(outputFile(path, blob))),
    resultOf(new reapi.OutputFile().setPath('no digest')),
    resultOf(new reapi.OutputFile().setPath('bad').setDigest(new reapi.Digest().setHash('x').setSizeBytes(1))),
    new reapi.ActionResult().setOutputSymlinksList([new reapi.OutputSymlink().setPath('/l').setTarget('t')]),
    new reapi.ActionResult().setOutputDirectoriesList([new reapi.OutputDirectory().setPath('d')]),
    new reapi.ActionResult().setOutputDirectoriesList([
      new reapi.OutputDirectory().setPath('../d').setTreeDigest(digestMessage(blob.digest)),
    ]),
    new reapi.ActionResult().setStdoutDigest(new reapi.Digest().setHash(blob.digest.hash).setSizeBytes(-1)),
  ]
  for (const result of bad) {
    const { code } = await failure(rig.client.unary(paths.updateActionResult, putRequest(newAction(), result)))
    assert.is(code, 'INVALID_ARGUMENT', JSON.stringify(result.toObject()))
  }
})

test('AC-15: a result of nothing but defaults is served, and not as nothing', async () => {
  const action = newAction()
  await put(action, new reapi.ActionResult())
  const bytes = await rig.client.unary(paths.getActionResult, getRequest(action))
  assert.ok(bytes.length > 0)
})

test('GEN-04: results of one instance are not those of another', async () => {
  const action = newAction()
  await put(action, new reapi.ActionResult().setExitCode(3), 'team/a')
  assert.is((await get(action, { instance: 'team/a' })).getExitCode(), 3)
  for (const instance of ['', 'team', 'team/b']) assert.is(await getFailure(action, { instance }), 'NOT_FOUND')
  assert.is(await getFailure(action, { instance: 'team//a' }), 'INVALID_ARGUMENT')
})

test('results outlive the server', async () => {
  using directory = temporaryDirectory()
  const action = newAction()
  const options = { directory: directory.path, execution: { enabled: false } }
  {
    await using first = await ServerRig.start(options)
    await first.client.unary(paths.updateActionResult, putRequest(action, new reapi.ActionResult().setExitCode(9)))
  }
  await using second = await ServerRig.start(options)
  const bytes = await second.client.unary(paths.getActionResult, getRequest(action))
  assert.is(reapi.ActionResult.deserializeBinary(bytes).getExitCode(), 9)
})

test.run()
