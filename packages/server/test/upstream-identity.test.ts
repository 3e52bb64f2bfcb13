// How gorego's own clients show who they are, and whom they trust: RemoteExecutor, and a server with another one behind it.
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { failure, findMissing, isMissing, read, store, upload } from '@gorego/conformance/client'
import type { GoregoError } from '@gorego/core'
import { blobOf, blobOfSize, HANG_BOUND_MS, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RemoteExecutor } from '../src/index.js'
import { type Certificate, Certificates, whyNoOpenssl } from './certificates.js'
import { errorOf } from './error-of.js'
import { eventually } from './eventually.js'
import { type RigOptions, ServerRig } from './server-rig.js'

const [OLD, NEW] = ['old', 'new'].map((name) => `${name}-token-of-some-length`)

const files = temporaryDirectory()
test.after(() => files[Symbol.dispose]())
const tokensFile = join(files.path, 'tokens')
const tokenFile = join(files.path, 'token')

const put = (path: string, text: string) => {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
  return path
}

const run = async (executor: RemoteExecutor) =>
  Buffer.from((await executor.run({ argv: ['/bin/echo', 'hello'] })).stdout).toString()

test.before.each(() => {
  put(tokensFile, `front ${OLD}\n`)
  put(tokenFile, `${OLD}\n`)
})

const auth = { tokensFile, htpasswdFile: undefined, permissions: [] }

test('a token is shown to a server on this machine; without it, or with another, that refuses', async () => {
  await using rig = await ServerRig.start({ auth })
  const target = `grpc://${rig.server.address}`
  await using executor = await RemoteExecutor.connect(target, { token: OLD ?? '' })
  assert.is(await run(executor), 'hello\n')
  assert.is((await errorOf(RemoteExecutor.connect(target))).code, 'unauthenticated')
  assert.is((await errorOf(RemoteExecutor.connect(target, { token: `${OLD}x` }))).code, 'unauthenticated')
})

test('a token is not sent to another machine in the clear', async () => {
  for (const target of [
    'grpc://192.0.2.1:1',
    'cache.example:1',
    'grpc://[2001:db8::1]:1',
    'grpc://127.0.0.1.example:1',
  ]) {
    const error = await errorOf(RemoteExecutor.connect(target, { token: OLD ?? '' }))
    assert.is(error.code, 'invalid-argument', target)
    assert.match(error.message, /in the clear.*grpcs:/)
    assert.not.match(error.message, OLD ?? '')
  }
  const backingCache = { target: 'grpc://192.0.2.1:1', tokenFile }
  assert.match((await errorOf(ServerRig.start({ backingCache }))).message, /in the clear/)
})

test('what cannot be shown keeps a server from starting, with the setting and without the token', async () => {
  const target = 'grpcs://127.0.0.1:1'
  const missing = join(files.path, 'missing')
  const start = async (backingCache: RigOptions['backingCache']) =>
    (await errorOf(ServerRig.start({ backingCache: { target, ...backingCache } }))).message
  assert.match(await start({ tokenFile: missing }), /backing_cache\.token_file cannot be read: ENOENT/)
  for (const text of ['', 'two words-that-are-secret', 'a\nb'])
    assert.match(await start({ tokenFile: put(tokenFile, text) }), /backing_cache\.token_file .*token: want one token/)
  const none = { caFile: undefined, certFile: undefined, keyFile: undefined }
  assert.match(await start({ tls: { ...none, caFile: missing } }), /backing_cache\.tls\.ca_file cannot be read: ENOENT/)
  assert.match(await start({ tls: { ...none, caFile: tokensFile } }), /ca_file .* has no CERTIFICATE/)
})

const reason = whyNoOpenssl()
if (reason !== undefined) console.log(`skipped: ${reason}`)
else {
  const certificates = new Certificates()
  const others = new Certificates('another authority')
  test.after(() => {
    certificates[Symbol.dispose]()
    others[Symbol.dispose]()
  })
  const ours = certificates.sign('ours')
  const serverTls = {
    ...certificates.sign('server'),
    clientCaFile: certificates.caFile,
    clientCerts: 'required' as const,
  }
  const pem = ({ certFile, keyFile }: Certificate, caFile = certificates.caFile) => ({
    ca: readFileSync(caFile),
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
  })

  test('RemoteExecutor shows its certificate and its token, and trusts whom it is told to', async () => {
    await using rig = await ServerRig.start({ auth, tls: serverTls })
    const target = `grpcs://${rig.server.address}`
    await using executor = await RemoteExecutor.connect(target, { tls: pem(ours), token: OLD ?? '' })
    assert.is(await run(executor), 'hello\n')
    const distrusted = await errorOf(RemoteExecutor.connect(target, { tls: pem(ours, others.caFile) }))
    assert.is(distrusted.code, 'unavailable')
    assert.match(distrusted.message, 'its certificate is not trusted')
    const plain = await errorOf(RemoteExecutor.connect(`grpc://${rig.server.address}`, { tls: pem(ours) }))
    assert.match(plain.message, /want grpcs:/)
    const { ca, cert } = pem(ours)
    const half = await errorOf(RemoteExecutor.connect(target, { tls: { ca, cert } }))
    assert.match(half.message, 'give both')
  })

  test('a backing cache is shown certificate and token; a token that changes is shown from then on', async () => {
    // By its certificate alone the server in front may do nothing.
    const permissions = [{ name: 'ours', permission: 'none' as const, instance: undefined }]
    await using behind = await ServerRig.start({ auth: { ...auth, permissions }, tls: serverTls, frontEnds: 1 })
    const target = `grpcs://${behind.server.address}`
    using client = behind.connect({ credentials: certificates.client(certificates.sign('operator')) })
    const first = blobOfSize(100_000, 'first')
    await store(client, first)
    const backingCache = {
      target,
      timeout: HANG_BOUND_MS / 1000,
      tokenFile,
      tls: { caFile: certificates.caFile, ...ours },
    }
    await using front = await ServerRig.start({ execution: { enabled: false }, backingCache })
    assert.ok((await read(front.client, first.digest)).equals(first.bytes))
    put(tokensFile, `front ${NEW}\n`)
    await eventually(async () => {
      const connecting = RemoteExecutor.connect(target, { tls: pem(ours), token: OLD ?? '' })
      return await connecting.then(
        async (executor) => (await executor.close()) ?? false,
        ({ code }: GoregoError) => code === 'unauthenticated',
      )
    })
    put(tokenFile, `${NEW}\n`)
    const later = blobOf('later')
    await store(client, later)
    await eventually(async () => (await findMissing(front.client, [later.digest]).catch(() => ['?'])).length === 0)
    const said = JSON.stringify([front.log, behind.log])
    assert.not.match(said, OLD ?? '')
    assert.not.match(said, NEW ?? '')
  })

  test('a backing cache that another authority signed counts as away', async () => {
    await using behind = await ServerRig.start({ tls: { ...serverTls, clientCerts: 'optional' }, frontEnds: 1 })
    const backingCache = {
      target: `grpcs://${behind.server.address}`,
      required: true,
      putRetryCount: 0,
      timeout: HANG_BOUND_MS / 1000,
      tls: { caFile: others.caFile, certFile: undefined, keyFile: undefined },
    }
    await using front = await ServerRig.start({ execution: { enabled: false }, backingCache })
    const blob = blobOf('x')
    assert.is((await failure(upload(front.client, blob))).code, 'UNAVAILABLE')
    using client = behind.connect({ credentials: certificates.client(ours) })
    assert.ok(await isMissing(client, blob))
  })
}

test.run()
