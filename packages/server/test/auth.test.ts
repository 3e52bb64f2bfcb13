// Who may do what, over gRPC in one process and in several, and over HTTP.
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  type CallFailure,
  execute,
  failure,
  findMissing,
  type RawClient,
  run,
  shell,
  store,
  uploadAction,
} from '@gorego/conformance/client'
import { DigestFunctionSet, reapi, SHA256, silentLogger } from '@gorego/core'
import { blobOf, temporaryDirectory } from '@gorego/core/testing'
import { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { METHOD_PERMISSIONS } from '../src/auth/method-permissions.js'
import type { Grant, Permission } from '../src/auth/permission.js'
import { composeServices } from '../src/compose-services.js'
import { Health } from '../src/services/health.js'
import { Certificates, whyNoOpenssl } from './certificates.js'
import { eventually } from './eventually.js'
import { configOf, type RigOptions, ServerRig } from './server-rig.js'

const REAPI = '/build.bazel.remote.execution.v2'
const [ALICE, CI, READER, TEAM] = ['alice', 'ci', 'reader', 'team'].map((name) => `${name}-token-of-some-length`)

const files = temporaryDirectory()
test.after(() => files[Symbol.dispose]())
const tokensFile = join(files.path, 'tokens')
const htpasswdFile = join(files.path, 'htpasswd')

const put = (path: string, text: string) => {
  writeFileSync(`${path}.new`, text, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}
const allow = (name: string, ...permissions: (Permission | 'none')[]): Grant[] =>
  permissions.map((permission) => ({ name, permission, instance: undefined }))

test.before.each(() => {
  put(tokensFile, `# who\nalice ${ALICE}\nci ${CI}\n\nreader ${READER}\nteam ${TEAM}\n`)
})

function startRig(permissions: readonly Grant[] = [], options: RigOptions = {}): Promise<ServerRig> {
  return ServerRig.start({ auth: { tokensFile, htpasswdFile: undefined, permissions }, ...options })
}

function showing(authorization: string): { metadata: Metadata } {
  const metadata = new Metadata()
  metadata.set('authorization', authorization)
  return { metadata }
}

/** What comes of a call of each kind: `OK`, or the code of the refusal. */
async function outcomes(client: RawClient, authorization?: string, instance = ''): Promise<Record<string, string>> {
  const options = authorization === undefined ? {} : showing(authorization)
  const digest = reapi.toDigestMessage(blobOf('nothing').digest)
  const call = async (path: string, request: { serializeBinary(): Uint8Array }) =>
    await client.unary(path, request, options).then(
      () => 'OK',
      async (error) => (await failure(Promise.reject(error))).code,
    )
  return {
    read: await call(
      `${REAPI}.ContentAddressableStorage/FindMissingBlobs`,
      new reapi.FindMissingBlobsRequest().setInstanceName(instance),
    ),
    write: await call(
      `${REAPI}.ContentAddressableStorage/BatchUpdateBlobs`,
      new reapi.BatchUpdateBlobsRequest().setInstanceName(instance),
    ),
    update: await call(
      `${REAPI}.ActionCache/UpdateActionResult`,
      new reapi.UpdateActionResultRequest()
        .setInstanceName(instance)
        .setActionDigest(digest)
        .setActionResult(new reapi.ActionResult()),
    ),
    admin: await call(
      '/google.longrunning.Operations/ListOperations',
      new reapi.ListOperationsRequest().setName(instance),
    ),
  }
}

const UNKNOWN = {
  read: 'UNAUTHENTICATED',
  write: 'UNAUTHENTICATED',
  update: 'UNAUTHENTICATED',
  admin: 'UNAUTHENTICATED',
}
const DENIED = 'PERMISSION_DENIED'

for (const frontEnds of [1, 2]) {
  test(`each may what its permissions say, and nobody else anything, with ${frontEnds} front end(s)`, async () => {
    const permissions = [...allow('ci', 'read', 'write', 'update_action_cache', 'admin'), ...allow('reader', 'read')]
    await using rig = await startRig(permissions, { frontEnds })
    const { client } = rig
    assert.equal(await outcomes(client), UNKNOWN)
    assert.equal(await outcomes(client, 'Bearer of bad news'), UNKNOWN)
    assert.equal(await outcomes(client, `Bearer ${ALICE}x`), UNKNOWN)
    assert.equal(await outcomes(client, `Basic ${ALICE}`), UNKNOWN)
    assert.equal(await outcomes(client, `Bearer ${ALICE}`), { read: 'OK', write: 'OK', update: DENIED, admin: DENIED })
    assert.equal(await outcomes(client, `Bearer ${CI}`), { read: 'OK', write: 'OK', update: 'OK', admin: 'OK' })
    assert.equal(await outcomes(client, `Bearer ${READER}`), {
      read: 'OK',
      write: DENIED,
      update: DENIED,
      admin: DENIED,
    })
    const { message } = (await failure(
      client.unary(
        `${REAPI}.ContentAddressableStorage/BatchUpdateBlobs`,
        new reapi.BatchUpdateBlobsRequest(),
        showing(`Bearer ${READER}`),
      ),
    )) as CallFailure
    assert.match(message, /reader has not the permission write .*auth\.permissions/)
  })
}

test('a client cannot say in a header that it is somebody', async () => {
  await using rig = await startRig(allow('anonymous', 'read'))
  const metadata = new Metadata()
  metadata.set('gorego-caller', 'alice')
  const path = `${REAPI}.ContentAddressableStorage/BatchUpdateBlobs`
  assert.is(
    (await failure(rig.client.unary(path, new reapi.BatchUpdateBlobsRequest(), { metadata }))).code,
    'UNAUTHENTICATED',
  )
})

test('the anonymous may read where that is said; who shows what is not good is not one of them', async () => {
  await using rig = await startRig(allow('anonymous', 'read'))
  assert.equal(await outcomes(rig.client), { ...UNKNOWN, read: 'OK' })
  assert.equal(await outcomes(rig.client, 'Bearer wrong'), UNKNOWN)
  // Straight on the HTTP/2 stream, beside grpc-js.
  assert.is((await failure(store(rig.client, blobOf('x')))).code, 'UNAUTHENTICATED')
})

test('permissions for one instance are for that instance only', async () => {
  const permissions = (['read', 'write', 'admin'] as const).map((permission) => ({
    name: 'team',
    permission,
    instance: 'team/a',
  }))
  await using rig = await startRig(permissions)
  const mine = await outcomes(rig.client, `Bearer ${TEAM}`, 'team/a')
  assert.equal(mine, { read: 'OK', write: 'OK', update: DENIED, admin: 'OK' })
  for (const instance of ['', 'team', 'team/a/b'])
    assert.equal(
      await outcomes(rig.client, `Bearer ${TEAM}`, instance),
      { read: DENIED, write: DENIED, update: DENIED, admin: DENIED },
      instance,
    )
  const name = `team/uploads/1/blobs/${blobOf('x').digest.hash}/1`
  const upload = rig.client.clientStream('/google.bytestream.ByteStream/Write', showing(`Bearer ${TEAM}`))
  await upload.send(new reapi.WriteRequest().setResourceName(name))
  assert.is((await failure(upload.response)).code, DENIED)
})

test('what is executed is cached, whoever may store results', async () => {
  await using rig = await startRig([...allow('anonymous', 'read', 'write', 'execute')])
  const action = await uploadAction(rig.client, shell('echo once'))
  await run(rig.client, action)
  assert.ok((await run(rig.client, action)).response.getCachedResult())
  await using closed = await startRig([...allow('anonymous', 'read', 'write')])
  const other = await uploadAction(closed.client, shell('true'))
  assert.is((await failure(execute(closed.client, other.digest))).code, 'UNAUTHENTICATED')
})

test('capabilities are those of who asks', async () => {
  await using rig = await startRig(allow('ci', 'read', 'update_action_cache'))
  const ask = async (token?: string) => {
    const path = `${REAPI}.Capabilities/GetCapabilities`
    const answer = reapi.ServerCapabilities.deserializeBinary(
      await rig.client.unary(path, new reapi.GetCapabilitiesRequest(), showing(`Bearer ${token}`)),
    )
    const updates = answer.getCacheCapabilities()?.getActionCacheUpdateCapabilities()?.getUpdateEnabled()
    return { updates, execution: answer.getExecutionCapabilities() !== undefined }
  }
  assert.equal(await ask(CI), { updates: true, execution: false })
  assert.equal(await ask(ALICE), { updates: false, execution: true })
})

test('tokens that change count at once; a file that is broken changes nothing', async () => {
  await using rig = await startRig()
  const may = async (token?: string) => (await outcomes(rig.client, `Bearer ${token}`)).read === 'OK'
  assert.ok(await may(ALICE))
  put(tokensFile, `alice another-token-of-some-length\n`)
  await eventually(async () => !(await may(ALICE)))
  assert.ok(await may('another-token-of-some-length'))
  put(tokensFile, 'alice short\n')
  await eventually(async () => rig.complaints.length > 0)
  assert.match(String(rig.complaints[0]?.fields.error), /tokens:1: a token has 20 characters or more/)
  assert.not.match(JSON.stringify(rig.log), /short|another-token/)
  assert.ok(await may('another-token-of-some-length'))
})

test('passwords with bcrypt hashes, looked at beside the event loop and remembered', async () => {
  const { createRequire } = await import('node:module')
  const bcrypt = createRequire(import.meta.resolve('../src/auth/bcrypt-worker.js'))('bcryptjs') as {
    hashSync(password: string, cost: number): string
  }
  put(htpasswdFile, `bob:${bcrypt.hashSync('open sesame', 4)}\n`)
  await using rig = await ServerRig.start({ auth: { tokensFile: undefined, htpasswdFile, permissions: [] } })
  const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
  for (let times = 0; times < 2; times++) {
    assert.is((await outcomes(rig.client, basic('bob:open sesame'))).read, 'OK')
    for (const wrong of ['bob:open', 'bob:', 'bob', ':', 'eve:open sesame', ''])
      assert.equal(await outcomes(rig.client, basic(wrong)), UNKNOWN, wrong)
  }
  put(htpasswdFile, `bob:${bcrypt.hashSync('changed', 4)}\n`)
  await eventually(async () => (await outcomes(rig.client, basic('bob:changed'))).read === 'OK')
  assert.equal(await outcomes(rig.client, basic('bob:open sesame')), UNKNOWN)
  put(htpasswdFile, `bob:{SHA}0DPiKuNIrrVmD8IUCuw1hQxNqZc=\n`)
  await eventually(async () => rig.complaints.length > 0)
  assert.match(String(rig.complaints[0]?.fields.error), /htpasswd:1: only bcrypt hashes are taken: htpasswd -B/)
})

test('over HTTP, too, a permission for one instance is good for paths that name it, and no others', async () => {
  const inOne = (permission: Permission): Grant => ({ name: 'team', permission, instance: 'team/a' })
  const http = { listenAddr: '127.0.0.1:0', cache: true }
  await using rig = await startRig([inOne('read'), inOne('write'), inOne('update_action_cache')], { http })
  const status = async (method: string, path: string, body?: Buffer) => {
    const init = { method, headers: { authorization: `Bearer ${TEAM}` }, ...(body && { body: new Uint8Array(body) }) }
    return (await fetch(`http://${rig.server.httpAddress}${path}`, init)).status
  }
  const { digest, bytes } = blobOf('of the team')
  const paths = (instance: string) => [`${instance}/cas/${digest.hash}`, `${instance}/ac/${digest.hash}`]
  for (const path of paths('/team/a')) {
    assert.equal([path, await status('PUT', path, Buffer.from(bytes))], [path, 200])
    assert.equal([path, await status('GET', path)], [path, 200])
  }
  for (const path of ['', '/team', '/team/a/b', '/team%2Fb', '//team/a'].flatMap(paths)) {
    assert.equal([path, await status('GET', path)], [path, 403])
    assert.equal([path, await status('PUT', path, Buffer.from(bytes))], [path, 403])
  }
  assert.is(await status('GET', `/%/cas/${digest.hash}`), 400)
  assert.is(await status('GET', '/metrics'), 403)
})
test('HTTP asks the same: what needs nothing is for everybody', async () => {
  await using rig = await startRig(allow('team', 'none'), { http: { listenAddr: '127.0.0.1:0' } })
  const status = async (path: string, authorization?: string) =>
    (
      await fetch(`http://${rig.server.httpAddress}${path}`, {
        headers: authorization === undefined ? {} : { authorization },
      })
    ).status
  assert.equal([await status('/healthz'), await status('/readyz'), await status('/metrics')], [200, 200, 401])
  assert.is(await status('/metrics', `Bearer ${ALICE}`), 200)
  assert.is(await status('/metrics', `Bearer ${TEAM}`), 403)
  const refused = await fetch(`http://${rig.server.httpAddress}/metrics`)
  assert.match(refused.headers.get('www-authenticate') ?? '', 'Basic')
})

test('the cache over HTTP: blobs with `write`, results with `update_action_cache`', async () => {
  const permissions = allow('ci', 'read', 'write', 'update_action_cache')
  await using rig = await startRig(permissions, { http: { listenAddr: '127.0.0.1:0', cache: true } })
  const { hash } = blobOf('over http').digest
  const put = async (path: string, token?: string) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
    return (await fetch(`http://${rig.server.httpAddress}${path}`, { method: 'PUT', body: 'over http', headers })).ok
  }
  assert.equal([await put(`/cas/${hash}`), await put(`/ac/${hash}`)], [false, false])
  assert.equal([await put(`/cas/${hash}`, ALICE), await put(`/ac/${hash}`, ALICE)], [true, false])
  assert.equal([await put(`/cas/${hash}`, CI), await put(`/ac/${hash}`, CI)], [true, true])
})

test('every method that is served has a line that says what it needs, and others are refused', async () => {
  const served = await servedPaths()
  assert.ok(served.length > 20)
  for (const path of served) assert.ok(METHOD_PERMISSIONS.has(path), path)
  await using rig = await startRig()
  const { code } = await failure(rig.client.unary('/some.Service/Method', new Uint8Array(0), showing(`Bearer ${CI}`)))
  assert.is(code, 'UNIMPLEMENTED')
})

/** Of a server that serves all that there is. */
async function servedPaths(): Promise<string[]> {
  using directory = temporaryDirectory()
  const nothing = {} as never
  const services = await composeServices(await configOf({}, directory.path), {
    access: undefined,
    functions: new DigestFunctionSet([SHA256]),
    cas: nothing,
    uploads: nothing,
    actionCache: nothing,
    scheduler: nothing,
    history: nothing,
    determinism: nothing,
    maxBlobBytes: 1,
    health: new Health(),
    metrics: undefined,
    tracing: undefined,
    logger: silentLogger,
  })
  return services.flat().map(({ path }) => path)
}

const reason = whyNoOpenssl()
if (reason !== undefined) console.log(`skipped: ${reason}`)
else {
  test('a certificate says who a client is, by its common name', async () => {
    using certificates = new Certificates()
    const tls = { ...certificates.sign('server'), clientCaFile: certificates.caFile, clientCerts: 'optional' as const }
    const permissions = [...allow('authenticated', 'none'), ...allow('alice', 'read')]
    await using rig = await startRig(permissions, { tls })
    const readOf = async (certificate?: string) => {
      using client = rig.connect({
        credentials: certificates.client(certificate === undefined ? undefined : certificates.sign(certificate)),
      })
      return await findMissing(client, []).then(
        () => 'OK',
        async (error) => (await failure(Promise.reject(error))).code,
      )
    }
    assert.equal([await readOf('alice'), await readOf('bob'), await readOf()], ['OK', DENIED, 'UNAUTHENTICATED'])
  })
}

test.run()
