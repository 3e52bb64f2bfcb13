import { existsSync } from 'node:fs'
import {
  execute,
  failure,
  findMissing,
  lastOf,
  paths,
  RawClient,
  readRequest,
  run,
  shell,
  uploadAction,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { temporaryDirectory } from '@gorego/core/testing'
import { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startServer } from '../src/compose.js'
import { createLogger } from '../src/log/index.js'
import { configOf, type LogEntry, ServerRig } from './server-rig.js'

let rig: ServerRig
test.before(async () => {
  // Lines of front ends come when they come; these tests look at once.
  rig = await ServerRig.start({ logLevel: 'debug', frontEnds: 1 })
})
test.before.each(() => void rig.log.splice(0))
test.after(() => rig.stop())

function requestMetadata(header?: Buffer): Metadata {
  const metadata = new Metadata()
  const message = new reapi.RequestMetadata()
    .setToolDetails(new reapi.ToolDetails().setToolName('bazel').setToolVersion('8.1.0'))
    .setToolInvocationId('an-invocation')
    .setActionId('an-action')
    .setActionMnemonic('Genrule')
    .setTargetId('//a:b')
  metadata.set('build.bazel.remote.execution.v2.requestmetadata-bin', header ?? Buffer.from(message.serializeBinary()))
  return metadata
}

const labels = {
  tool: 'bazel 8.1.0',
  invocation: 'an-invocation',
  action: 'an-action',
  mnemonic: 'Genrule',
  target: '//a:b',
}

const executions = (): LogEntry[] => rig.log.filter(({ message }) => message === 'executed')

test('RM-02: an execution is one line: what came of it, for whom, and how long it was in each stage', async () => {
  const action = await uploadAction(rig.client, shell('exit 3'))
  const { name } = await lastOf(execute(rig.client, action.digest, { metadata: requestMetadata() }))
  const [line, ...more] = executions()
  assert.is(more.length, 0)
  const { userCpuMs, systemCpuMs, peakMemoryBytes, ...told } = line?.fields ?? {}
  const { lookupMs, queuedMs, executingMs, stagedMs, ranMs, collectedMs, ...fields } = told
  for (const ms of [lookupMs, queuedMs, executingMs, stagedMs, ranMs, collectedMs]) assert.ok(Number(ms) >= 0)
  // Where there is no /proc, nobody knows what it used.
  if (existsSync('/proc/self/stat')) {
    assert.ok(Number(userCpuMs) >= 0 && Number(systemCpuMs) >= 0)
    // One that ends at once may be gone before its memory was looked at.
    assert.ok(peakMemoryBytes === undefined || Number(peakMemoryBytes) > 0)
  }
  assert.equal(fields, {
    operation: name,
    digest: String(action.digest),
    outcome: 'ok',
    exitCode: 3,
    cached: false,
    ...labels,
  })
  assert.is(line?.level, 'info')
})

test('RM-02: so is one that was cached, failed or made no sense', async () => {
  for (let n = 0; n < 2; n++) await run(rig.client, shell('echo cached'))
  await run(rig.client, shell('sleep 60', { timeoutMs: 50 }))
  await run(rig.client, shell('true', { argv: [] }))
  const seen = executions().map(({ level, fields: { outcome, cached, exitCode } }) => [
    level,
    outcome,
    cached,
    exitCode,
  ])
  assert.equal(seen.slice(0, 2), [
    ['info', 'ok', false, 0],
    ['info', 'ok', true, 0],
  ])
  assert.equal(
    seen.slice(2).map(([level, outcome]) => [level, outcome]),
    [
      ['info', 'deadline-exceeded'],
      ['info', 'invalid-argument'],
    ],
  )
  assert.match(String(executions()[2]?.fields.why), /time limit of 0.05 s/)
})

test('RM-01, RM-02: every call can be logged, with how it ended and who made it', async () => {
  await findMissing(rig.client, [])
  await rig.client.unary(paths.findMissingBlobs, Buffer.alloc(0), { metadata: requestMetadata() })
  await failure(rig.client.serverStream(paths.read, readRequest(rig.client, shell('not there').digest)))
  await rig.client.unary(paths.findMissingBlobs, Buffer.alloc(0), {
    metadata: requestMetadata(Buffer.from('ffff', 'hex')),
  })
  const seen = rig.log.map(({ level, message, fields: { ms, why, ...rest } }) => {
    assert.ok(Number(ms) >= 0)
    return [level, message, rest]
  })
  assert.equal(seen, [
    ['debug', paths.findMissingBlobs, { outcome: 'ok' }],
    ['debug', paths.findMissingBlobs, { outcome: 'ok', ...labels }],
    ['debug', paths.read, { outcome: 'not-found' }],
    ['debug', paths.findMissingBlobs, { outcome: 'ok' }],
  ])
})

test('no log has secrets: neither what came in headers, nor variables and arguments of actions, nor what they print', async () => {
  const lines: string[] = []
  using directory = temporaryDirectory()
  const logger = createLogger({ level: 'debug', format: 'json', sink: { write: (line) => lines.push(line) } })
  const server = await startServer(await configOf({ logLevel: 'debug' }, directory.path), { logger })
  const client = new RawClient(server.address)
  const metadata = requestMetadata()
  metadata.set('authorization', 'Bearer xyzzy')
  metadata.set('cookie', 'session=xyzzy')
  const env = [
    ['PATH', '/usr/bin:/bin'],
    ['API_TOKEN', 'xyzzy'],
  ] as const
  for (const script of ['echo $API_TOKEN', 'echo $API_TOKEN >&2; exit 3', ': xyzzy', 'kill -9 $$', 'exec sleep 60']) {
    await run(client, shell(script, { env, timeoutMs: 500 }), { metadata })
  }
  await run(client, shell('', { env, argv: ['no-such-program', 'xyzzy'] }), { metadata })
  await failure(client.unary(paths.findMissingBlobs, Buffer.from('ffff', 'hex'), { metadata }))
  client[Symbol.dispose]()
  await server.stop({ drainMs: 0 })
  assert.ok(lines.filter((line) => line.includes('"executed"')).length === 6)
  assert.ok(lines.some((line) => line.includes(paths.findMissingBlobs)))
  assert.equal(
    lines.filter((line) => line.includes('xyzzy')),
    [],
  )
})

test('calls are not logged unless somebody wants to see them', async () => {
  await using quiet = await ServerRig.start({ execution: { enabled: false } })
  await findMissing(quiet.client, [])
  assert.equal(
    quiet.log.filter(({ message }) => message.startsWith('/')),
    [],
  )
})

test.run()
