import { createRequire } from 'node:module'
import { execute, lastOf, paths, run, sayingFor, shell, uploadAction } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf } from '@gorego/core/testing'
import type { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Collector, type SentSpan } from './collector.js'
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
