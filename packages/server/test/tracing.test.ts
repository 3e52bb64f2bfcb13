import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { connect } from 'node:net'
import { join } from 'node:path'
import { execute, lastOf, paths, run, sayingFor, shell, uploadAction } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, temporaryDirectory } from '@gorego/core/testing'
import type { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Collector, type SentSpan } from './collector.js'
import { eventually } from './eventually.js'
import { ServerRig } from './server-rig.js'

const EXECUTE = 'build.bazel.remote.execution.v2.Execution/Execute'
const READ = 'google.bytestream.ByteStream/Read'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CLIENT_SPAN = 'b7ad6b7169203331'

function headers(traceparent = `00-${TRACE}-${CLIENT_SPAN}-01`): Metadata {
  const metadata = sayingFor({
    ...{ target: '//a:b', mnemonic: 'Genrule' },
    ...{ tool: ['bazel', '8.1.0'], invocation: 'an-invocation' },
  })
  metadata.set('traceparent', traceparent)
  metadata.set('authorization', 'Bearer nobody-may-see-this')
  return metadata
}

const attributes = (span: SentSpan): Record<string, unknown> =>
  Object.fromEntries(span.attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

const isSdkLoaded = () =>
  Object.keys(createRequire(import.meta.url).cache).some((file) => /opentelemetry.*sdk-trace/.test(file))

test('without an endpoint, nothing of OpenTelemetry is loaded', async () => {
  await using rig = await ServerRig.start()
  await run(rig.client, shell('true'))
  assert.not.ok(isSdkLoaded())
  assert.not.ok(rig.log.some(({ fields }) => 'traceparent' in fields))
})

for (const frontEnds of [1, 2]) {
  test(`calls and what came of them are spans of the client's trace, with front_ends: ${frontEnds}`, async () => {
    await using collector = await Collector.start()
    const rig = await ServerRig.start({ frontEnds, telemetry: { tracingEndpoint: collector.url, sampleRatio: 0 } })
    const action = await uploadAction(rig.client, shell('exit 3'))
    await lastOf(execute(rig.client, action.digest, { metadata: headers() }))
    await rig.stop()
    assert.ok(isSdkLoaded())

    const call = collector.named(EXECUTE)
    const execution = collector.named('execution')
    const phases = ['queued', 'stage', 'run', 'collect'].map((name) => collector.named(name))
    // What is not in a client's trace is not sent, with this ratio.
    assert.is(collector.spans.length, 6)
    for (const { traceId } of collector.spans) assert.is(traceId, TRACE)
    assert.is(call.parentSpanId, CLIENT_SPAN)
    assert.is(call.kind, 2)
    assert.is(execution.parentSpanId, call.spanId)
    for (const { parentSpanId } of phases) assert.is(parentSpanId, execution.spanId)
    const times = phases.flatMap((span) => [span.startTimeUnixNano, span.endTimeUnixNano].map(BigInt))
    assert.equal(
      times,
      times.toSorted((a, b) => Number(a - b)),
    )

    const client = {
      'reapi.tool': 'bazel 8.1.0',
      'reapi.tool_invocation_id': 'an-invocation',
      'reapi.action_mnemonic': 'Genrule',
      'reapi.target_id': '//a:b',
    }
    assert.equal(attributes(call), {
      'rpc.system': 'grpc',
      'rpc.service': 'build.bazel.remote.execution.v2.Execution',
      'rpc.method': 'Execute',
      'rpc.grpc.status_code': 0,
      ...client,
    })
    const { 'gorego.operation': operation, ...told } = attributes(execution)
    assert.ok(operation)
    assert.equal(told, {
      'gorego.instance': '',
      'gorego.action_digest': String(action.digest),
      'gorego.outcome': 'ok',
      'gorego.cached': false,
      'gorego.exit_code': 3,
      ...client,
    })
    assert.not.match(collector.bodies.join(), 'nobody-may-see-this')
    assert.equal(rig.complaints, [])
  })
}

test('a call that carries blobs is a span with its status; a garbled traceparent begins a trace', async () => {
  await using collector = await Collector.start()
  const rig = await ServerRig.start({ telemetry: { tracingEndpoint: collector.url, sampleRatio: 1 } })
  const { digest } = blobOf('not there')
  const request = new reapi.ReadRequest().setResourceName(`blobs/${digest.hash}/${digest.sizeBytes}`)
  const stream = rig.client.serverStream(paths.read, request, { metadata: headers('00-zz-zz-01') })
  await stream.toArray().then(
    () => assert.unreachable(),
    () => {},
  )
  await rig.stop()
  const span = collector.named(READ)
  assert.not.ok(span.parentSpanId)
  assert.is(attributes(span)['rpc.grpc.status_code'], 5)
})

test("requests to the cache over HTTP are spans of the client's trace, with what came of them", async () => {
  await using collector = await Collector.start()
  const rig = await ServerRig.start({
    http: { listenAddr: '127.0.0.1:0', cache: true },
    telemetry: { tracingEndpoint: collector.url, sampleRatio: 0 },
  })
  const { digest, bytes } = blobOf('over HTTP')
  const said = new reapi.RequestMetadata().setTargetId('//a:b').serializeBinary()
  const ask = async (method: string, path: string, body?: Uint8Array) => {
    const response = await fetch(`http://${rig.server.httpAddress}${path}`, {
      ...{ method, ...(body === undefined ? {} : { body }) },
      headers: {
        traceparent: `00-${TRACE}-${CLIENT_SPAN}-01`,
        authorization: 'Bearer nobody-may-see-this',
        'build.bazel.remote.execution.v2.requestmetadata-bin': Buffer.from(said).toString('base64'),
      },
    })
    await response.arrayBuffer()
  }
  const [blob, key] = [`/cas/${digest.hash}`, `/some/instance/ac/${digest.hash}`]
  await ask('PUT', blob, bytes)
  await ask('HEAD', blob)
  await ask('GET', `${blob}?why`)
  await ask('GET', key)
  await ask('PUT', key, bytes)
  await ask('DELETE', key)
  // Who looks how the server is does not use it.
  for (const path of ['/healthz', '/metrics', '/api/status']) await ask('GET', path)
  await fetch(`http://${rig.server.httpAddress}${blob}`)
  await rig.stop()

  const told = collector.spans.map((span) => {
    const { name, kind, traceId, parentSpanId, status } = span
    assert.equal([kind, traceId, parentSpanId], [2, TRACE, CLIENT_SPAN], name)
    // By OpenTelemetry's conventions, what the client asked for in vain is no error of the server's.
    assert.is(status.code, 0, name)
    assert.ok(BigInt(span.endTimeUnixNano) >= BigInt(span.startTimeUnixNano))
    return [name, attributes(span)]
  })
  const of = (method: string, route: string, path: string, status: number) => [
    `${method} ${route}`,
    {
      'http.request.method': method,
      'http.route': route,
      'url.path': path,
      'http.response.status_code': status,
      'reapi.target_id': '//a:b',
    },
  ]
  assert.equal(told, [
    of('PUT', '/cas/{hash}', blob, 200),
    of('HEAD', '/cas/{hash}', blob, 200),
    of('GET', '/cas/{hash}', blob, 200),
    of('GET', '/ac/{key}', key, 404),
    of('PUT', '/ac/{key}', key, 200),
    of('DELETE', '/ac/{key}', key, 405),
  ])
  assert.not.match(collector.bodies.join(), 'nobody-may-see-this')
  assert.equal(rig.complaints, [])
})

test('a request over HTTP whose client goes away is a span that says so', async () => {
  await using collector = await Collector.start()
  const rig = await ServerRig.start({
    http: { listenAddr: '127.0.0.1:0', cache: true },
    telemetry: { tracingEndpoint: collector.url, sampleRatio: 1 },
  })
  const [host = '', port] = (rig.server.httpAddress ?? '').split(':')
  const socket = connect({ host, port: Number(port) })
  const path = `/cas/${blobOf('never all of it').digest.hash}`
  socket.write(`PUT ${path} HTTP/1.1\r\nhost: localhost\r\ntraceparent: 00-zz-zz-01\r\ncontent-length: 500000\r\n\r\n`)
  socket.write(Buffer.alloc(200_000))
  await eventually(async () => rig.temporaryFiles().length === 1)
  socket.destroy()
  await eventually(async () => rig.temporaryFiles().length === 0)
  await rig.stop()
  const span = collector.named('PUT /cas/{hash}')
  assert.not.ok(span.parentSpanId)
  assert.equal(attributes(span), { 'http.request.method': 'PUT', 'http.route': '/cas/{hash}', 'url.path': path })
  assert.is(span.status.code, 2)
})

test('who asked over HTTP is said where that has to be known', async () => {
  await using collector = await Collector.start()
  using directory = temporaryDirectory()
  const tokensFile = join(directory.path, 'tokens')
  writeFileSync(tokensFile, 'ann ann-secret-of-some-length\n', { mode: 0o600 })
  const rig = await ServerRig.start({
    http: { listenAddr: '127.0.0.1:0', cache: true },
    auth: { tokensFile, htpasswdFile: undefined, permissions: [] },
    telemetry: { tracingEndpoint: collector.url, sampleRatio: 1 },
  })
  const path = `/cas/${blobOf('not there').digest.hash}`
  for (const secret of ['ann-secret-of-some-length', 'a-guess']) {
    const headers = { authorization: `Bearer ${secret}` }
    await (await fetch(`http://${rig.server.httpAddress}${path}`, { headers })).arrayBuffer()
  }
  await rig.stop()
  const told = collector.spans.map(attributes)
  assert.equal(
    told.map((each) => [each['enduser.id'], each['http.response.status_code']]),
    [
      ['ann', 404],
      [undefined, 401],
    ],
  )
  assert.not.match(collector.bodies.join(), /secret|guess/)
})

test('a collector that is not there keeps nobody waiting', async () => {
  const collector = await Collector.start()
  const { url } = collector
  await collector[Symbol.asyncDispose]()
  const rig = await ServerRig.start({ telemetry: { tracingEndpoint: url, sampleRatio: 1 } })
  await run(rig.client, shell('true'))
  await rig.stop()
})

test('a collector that refuses spans is told of', async () => {
  await using collector = await Collector.start({ status: 400 })
  const rig = await ServerRig.start({ telemetry: { tracingEndpoint: collector.url, sampleRatio: 1 } })
  await run(rig.client, shell('true'))
  await rig.stop()
  const [complaint, ...more] = rig.complaints
  assert.is(complaint?.message, 'spans cannot be sent; those of the meantime are lost')
  assert.is(more.length, 0)
})

test.run()
