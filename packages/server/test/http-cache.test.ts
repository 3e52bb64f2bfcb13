// Bazel's HTTP cache protocol, as ccache, Bazel and Gradle speak it. The real ones are in test/e2e/http-cache.test.ts.
import { connect } from 'node:net'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { execute, failure, getResult, lastOf, read, shell, store, uploadAction } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, blobOfSize } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RigOptions, ServerRig } from './server-rig.js'

const startRig = ({ http, ...options }: RigOptions = {}) =>
  ServerRig.start({ http: { listenAddr: '127.0.0.1:0', cache: true, ...http }, ...options })

const ask = (rig: ServerRig, path: string, init?: RequestInit) => fetch(`http://${rig.server.httpAddress}${path}`, init)

const put = async (rig: ServerRig, path: string, body: RequestInit['body'], init: object = {}) =>
  (await ask(rig, path, { method: 'PUT', body, ...init } as RequestInit)).status

const KEY = 'c0ffee00'.repeat(8)

/** What another process or thread is about to do. */
async function eventually(isSo: () => boolean): Promise<void> {
  while (!isSo()) await nextTurn()
}

async function* slowly(bytes: Uint8Array) {
  for (let at = 0; at < bytes.length; at += 100_000) yield bytes.subarray(at, at + 100_000)
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer())
}

for (const frontEnds of [1, 2]) {
  test(`a blob is the same over HTTP and over gRPC, with ${frontEnds} front ends`, async () => {
    await using rig = await startRig({ frontEnds })
    const [here, there] = [blobOfSize(1_500_000, 'over HTTP'), blobOfSize(1_500_000, 'over gRPC')]
    assert.is((await ask(rig, `/cas/${here.digest.hash}`)).status, 404)
    assert.is(await put(rig, `/cas/${here.digest.hash}`, here.bytes), 200)
    assert.equal(Buffer.from(await read(rig.client, here.digest)), Buffer.from(here.bytes))
    await store(rig.client, there)
    const got = await ask(rig, `/some/instance/cas/${there.digest.hash}`)
    assert.is(got.headers.get('content-length'), '1500000')
    assert.equal(await bytesOf(got), Buffer.from(there.bytes))
    const head = await ask(rig, `/cas/${there.digest.hash}`, { method: 'HEAD' })
    assert.equal([head.status, head.headers.get('content-length'), (await bytesOf(head)).length], [200, '1500000', 0])
    assert.is(await put(rig, `/cas/${there.digest.hash}`, there.bytes), 200)
  })
}

test('a browser takes no blob for a page', async () => {
  await using rig = await startRig()
  const page = blobOf('<script>alert(1)</script>')
  await put(rig, `/cas/${page.digest.hash}`, page.bytes)
  const { headers } = await ask(rig, `/cas/${page.digest.hash}`)
  assert.is(headers.get('content-type'), 'application/octet-stream')
  assert.is(headers.get('x-content-type-options'), 'nosniff')
  assert.match(headers.get('content-security-policy') ?? '', /sandbox/)
})

test('a blob in chunks, of a size that nobody says', async () => {
  await using rig = await startRig()
  const { digest, bytes } = blobOfSize(700_000)
  assert.is(await put(rig, `/cas/${digest.hash}`, slowly(bytes) as never, { duplex: 'half' }), 200)
  assert.equal(Buffer.from(await read(rig.client, digest)), Buffer.from(bytes))
  const empty = blobOf('')
  assert.equal(
    [await put(rig, `/cas/${empty.digest.hash}`, ''), (await ask(rig, `/cas/${empty.digest.hash}`)).status],
    [200, 200],
  )
})

test('what is not what its hash says is refused, however it comes, and leaves nothing', async () => {
  await using rig = await startRig()
  const { digest } = blobOf('what was promised')
  const other = blobOfSize(300_000)
  const answer = await ask(rig, `/cas/${digest.hash}`, { method: 'PUT', body: other.bytes })
  assert.is(answer.status, 400)
  assert.match(await answer.text(), new RegExp(`is ${other.digest.hash}, not ${digest.hash}`))
  assert.is(await put(rig, `/cas/${digest.hash}`, slowly(other.bytes) as never, { duplex: 'half' }), 400)
  for (const each of [digest, other.digest]) assert.is((await ask(rig, `/cas/${each.hash}`)).status, 404)
  assert.equal(rig.temporaryFiles(), [])
  assert.equal(rig.complaints, [])
})

test('an upload that breaks off leaves nothing', async () => {
  await using rig = await startRig()
  const { digest } = blobOf('never all of it')
  const [host, port] = (rig.server.httpAddress ?? '').split(':')
  const socket = connect({ host: host ?? '', port: Number(port) })
  socket.write(`PUT /cas/${digest.hash} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 500000\r\n\r\n`)
  socket.write(Buffer.alloc(200_000))
  await eventually(() => rig.temporaryFiles().length === 1)
  socket.destroy()
  await eventually(() => rig.temporaryFiles().length === 0)
  assert.is((await ask(rig, `/cas/${digest.hash}`)).status, 404)
  assert.equal(rig.complaints, [])
})

test('many store one blob at once, and all succeed', async () => {
  await using rig = await startRig()
  const { digest, bytes } = blobOfSize(400_000)
  const statuses = await Promise.all(Array.from({ length: 16 }, () => put(rig, `/cas/${digest.hash}`, bytes)))
  assert.equal([...new Set(statuses)], [200])
  assert.equal(await bytesOf(await ask(rig, `/cas/${digest.hash}`)), Buffer.from(bytes))
  assert.equal(rig.temporaryFiles(), [])
})

test('opaque values: whatever bytes they are, the last one counts, and each instance has its own', async () => {
  await using rig = await startRig()
  const large = blobOfSize(5_000_000)
  assert.is((await ask(rig, `/ac/${KEY}`)).status, 404)
  assert.is(await put(rig, `/ac/${KEY}`, 'cCrS, and no message'), 200)
  assert.is(await (await ask(rig, `/ac/${KEY}`)).text(), 'cCrS, and no message')
  assert.is(await put(rig, `/ac/${KEY}`, large.bytes), 200)
  assert.equal(await bytesOf(await ask(rig, `/ac/${KEY}`)), Buffer.from(large.bytes))
  assert.is((await ask(rig, `/other/ac/${KEY}`)).status, 404)
  const gradles = KEY.slice(0, 32)
  assert.is(await put(rig, `/other/ac/${gradles}`, 'short key'), 200)
  assert.is(await (await ask(rig, `/other/ac/${gradles}`)).text(), 'short key')
  assert.is(await put(rig, `/ac/${gradles}`, ''), 200)
  assert.equal(await bytesOf(await ask(rig, `/ac/${gradles}`)), Buffer.alloc(0))
})

test('an opaque value never is a result over gRPC, even if it looks like one', async () => {
  await using rig = await startRig()
  const action = blobOf('an action that nobody uploaded')
  const result = new reapi.ActionResult().setExitCode(0).setStdoutRaw('fabricated').serializeBinary()
  assert.is(await put(rig, `/ac/${action.digest.hash}`, result), 200)
  assert.equal(await bytesOf(await ask(rig, `/ac/${action.digest.hash}`)), Buffer.from(result))
  assert.is((await failure(getResult(rig.client, action.digest))).code, 'NOT_FOUND')
})

test('results of actions are shared with gRPC, both ways, checked as there', async () => {
  await using rig = await startRig()
  const ran = await uploadAction(rig.client, shell('echo ran'))
  await lastOf(execute(rig.client, ran.digest))
  const overHttp = await bytesOf(await ask(rig, `/ac/${ran.digest.hash}`))
  assert.ok(reapi.ActionResult.deserializeBinary(overHttp).getStdoutDigest() !== undefined)

  const built = await uploadAction(rig.client, shell('echo built elsewhere'))
  const output = blobOf('output')
  const file = new reapi.OutputFile().setPath('out').setDigest(reapi.toDigestMessage(output.digest))
  const result = new reapi.ActionResult().setOutputFilesList([file]).serializeBinary()
  assert.is(await put(rig, `/ac/${built.digest.hash}`, result), 200)
  // AC-02: not before its output is there.
  assert.is((await failure(getResult(rig.client, built.digest))).code, 'NOT_FOUND')
  assert.is(await put(rig, `/cas/${output.digest.hash}`, output.bytes), 200)
  const got = await getResult(rig.client, built.digest)
  assert.is(got.getOutputFilesList()[0]?.getPath(), 'out')

  const escaping = new reapi.ActionResult()
    .setOutputFilesList([new reapi.OutputFile().setPath('../out').setDigest(reapi.toDigestMessage(output.digest))])
    .serializeBinary()
  const hostile = await uploadAction(rig.client, shell('echo hostile'))
  await put(rig, `/ac/${hostile.digest.hash}`, escaping)
  assert.is((await failure(getResult(rig.client, hostile.digest))).code, 'NOT_FOUND')
})

test('an opaque value whose blob was evicted is a miss', async () => {
  await using rig = await startRig({ localCache: { maxSizeGb: 0.001, graceSeconds: 0 } })
  await put(rig, `/ac/${KEY}`, blobOfSize(400_000, 0).bytes)
  for (let n = 1; n < 4; n++) await store(rig.client, blobOfSize(400_000, n))
  assert.is((await ask(rig, `/ac/${KEY}`)).status, 404)
})

test('AC-12: without updates results are read, and none is taken', async () => {
  await using rig = await startRig({ actionCache: { updates: false } })
  const answer = await ask(rig, `/ac/${KEY}`, { method: 'PUT', body: 'x' })
  assert.is(answer.status, 403)
  assert.match(await answer.text(), /action_cache\.updates/)
  const { digest, bytes } = blobOf('blobs are no results')
  assert.is(await put(rig, `/cas/${digest.hash}`, bytes), 200)
})

test('hostile paths, heads and bodies', async () => {
  await using rig = await startRig({ instanceNames: ['main'] })
  const { digest } = blobOf('x')
  for (const path of [
    `/main/ac/..%2f..%2f${digest.hash}`,
    `/main/cas/${digest.hash.toUpperCase()}`,
    `/main/cas/${digest.hash.slice(1)}`,
    `/main/ac/${'g'.repeat(64)}`,
    `/unknown/ac/${digest.hash}`,
    `/%2e%2e/ac/${digest.hash}`,
    `/%ff/ac/${digest.hash}`,
    `/actionResults/ac/${digest.hash}`,
  ]) {
    assert.is((await ask(rig, path)).status, 400, path)
    assert.is(await put(rig, path, 'x'), 400, path)
  }
  assert.is((await ask(rig, `/main/cas/${digest.hash}`, { method: 'DELETE' })).status, 405)
  const tooLarge = { method: 'PUT', headers: { 'content-encoding': 'gzip' }, body: 'x' }
  assert.is((await ask(rig, `/main/ac/${digest.hash}`, tooLarge)).status, 400)
  assert.is((await ask(rig, '/healthz', { headers: { long: 'x'.repeat(100_000) } })).status, 431)
  assert.is((await ask(rig, '/healthz')).status, 200)
})

test('a blob that is larger than the store is refused before it comes', async () => {
  await using rig = await startRig({ localCache: { maxSizeGb: 0.001 } })
  const [host, port] = (rig.server.httpAddress ?? '').split(':')
  const socket = connect({ host: host ?? '', port: Number(port) })
  socket.write(`PUT /cas/${KEY} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n`)
  let answer = ''
  for await (const chunk of socket) answer += chunk
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.match(answer, /connection: close/i)
})

test('without http.cache there is none', async () => {
  await using rig = await startRig({ http: { cache: false } })
  assert.is((await ask(rig, `/ac/${KEY}`)).status, 404)
  assert.is(await put(rig, `/cas/${blobOf('x').digest.hash}`, 'x'), 404)
})

test.run()
