// One server whose gRPC is spoken by two processes. What services do is asked elsewhere; here it is whether it makes a
// difference who is asked.
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import {
  execute,
  failure,
  findMissing,
  Gate,
  getResult,
  healthPaths,
  lastOf,
  missingSubjects,
  paths,
  queryWriteStatus,
  type RawClient,
  read,
  run,
  type Seen,
  type Sendable,
  shell,
  stdoutOf,
  store,
  unpack,
  until,
  upload,
  uploadAction,
  uploadName,
  waitExecution,
  writeRequest,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, blobOfSize, HANG_BOUND_MS, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type RigOptions, ServerRig } from './server-rig.js'

const { EXECUTING } = reapi.ExecutionStage.Value
const { OK, CANCELLED } = reapi.RpcCode

const gates = temporaryDirectory()
test.after(() => gates[Symbol.dispose]())

/** A server, and two clients that are connected to one front end each: a new connection goes to who has fewer. */
class Two implements AsyncDisposable {
  readonly a: RawClient
  readonly b: RawClient

  private constructor(readonly rig: ServerRig) {
    this.a = rig.client
    this.b = rig.connect()
  }

  static async start(options: RigOptions = {}): Promise<Two> {
    const two = new Two(await ServerRig.start({ ...options, frontEnds: 2 }))
    for (const client of [two.a, two.b]) await findMissing(client, [])
    return two
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.b[Symbol.dispose]()
    await this.rig.stop()
  }
}

async function call(client: RawClient, path: string, request: Sendable): Promise<Seen> {
  return unpack(reapi.Operation.deserializeBinary(await client.unary(path, request)))
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** An action that has started and waits at a gate. */
async function started(client: RawClient): Promise<{ gate: Gate; stream: AsyncGenerator<Seen>; name: string }> {
  const gate = new Gate(gates.path)
  const stream = execute(client, (await uploadAction(client, shell(`${gate.wait}; echo passed`))).digest)
  const { name } = await until(stream, EXECUTING)
  return { gate, stream, name }
}

test('what comes in through one front end is there for the other', async () => {
  await using two = await Two.start()
  const [small, large] = [blobOf('small'), blobOfSize(3_000_000, 'large')]
  await store(two.a, small)
  await upload(two.a, large)
  assert.equal(await findMissing(two.b, [small.digest, large.digest, blobOf('absent').digest]), [
    String(blobOf('absent').digest),
  ])
  assert.equal(await read(two.b, small.digest), Buffer.from(small.bytes))
  assert.equal(await read(two.b, large.digest), Buffer.from(large.bytes))
  assert.equal(two.rig.temporaryFiles(), [])
})

test('FM: a blob whose file is gone is missing for both, once one of them wanted to read it', async () => {
  await using two = await Two.start()
  const blob = blobOf('soon gone')
  await store(two.a, blob)
  const shard = join(two.rig.directory, 'cas', 'sha256', blob.digest.hash.slice(0, 2))

  for (const name of readdirSync(shard)) rmSync(join(shard, name))
  assert.is((await failure(read(two.b, blob.digest))).code, 'NOT_FOUND')
  assert.equal(await findMissing(two.a, [blob.digest]), [String(blob.digest)])
})

test('EX-06: what an action wrote to is missing for both, whatever was said before', async () => {
  await using two = await Two.start()
  const input = blobOf('an input that is written to')
  const action = shell('chmod 666 in; echo altered > in', { inputs: { in: input.bytes } })
  await uploadAction(two.a, action)
  assert.equal(await findMissing(two.b, [input.digest]), [])
  const { response } = await lastOf(execute(two.a, action.digest))
  assert.equal(missingSubjects(response.getStatus()), [`blobs/${input.digest}`])
  for (const client of [two.a, two.b]) assert.equal(await findMissing(client, [input.digest]), [String(input.digest)])
})

test('an action runs, its result is cached for both, and equal actions of both are merged', async () => {
  await using two = await Two.start()
  const hello = shell('echo hello')
  const first = await run(two.a, hello)
  assert.equal([first.code, first.response.getCachedResult()], [OK, false])
  assert.is(await stdoutOf(two.b, first), 'hello\n')
  assert.ok((await run(two.b, hello)).response.getCachedResult())
  assert.is((await getResult(two.b, hello.digest)).getExitCode(), 0)

  const { gate, stream } = await started(two.a)
  const same = execute(two.b, (await uploadAction(two.b, shell(`${gate.wait}; echo passed`))).digest)
  await until(same, EXECUTING)
  await gate.open()
  const ends = await Promise.all([lastOf(stream), lastOf(same)])
  assert.equal(
    ends.map(({ code }) => code),
    [OK, OK],
  )
  assert.not.equal(ends[0]?.name, ends[1]?.name)
})

test('WX, OP-02: operations of one front end are known to the other', async () => {
  await using two = await Two.start()
  const { gate, stream, name } = await started(two.a)
  const seen = await call(two.b, paths.getOperation, new reapi.GetOperationRequest().setName(name))
  assert.equal([seen.name, seen.stage], [name, EXECUTING])
  const waiting = lastOf(waitExecution(two.b, name))
  await gate.open()
  assert.equal([(await waiting).code, (await lastOf(stream)).code], [OK, OK])

  const other = await started(two.b)
  await two.a.unary(paths.cancelOperation, new reapi.CancelOperationRequest().setName(other.name))
  assert.is((await lastOf(other.stream)).code, CANCELLED)

  const listed = await two.a.unary(paths.listOperations, new reapi.ListOperationsRequest().setFilter('done=true'))
  const names = reapi.ListOperationsResponse.deserializeBinary(listed)
    .getOperationsList()
    .map((each) => each.getName())
  assert.equal(names, [name, other.name])
  await two.b.unary(paths.deleteOperation, new reapi.DeleteOperationRequest().setName(name))
  assert.is((await failure(lastOf(waitExecution(two.a, name)))).code, 'NOT_FOUND')
})

test('EX-19: an operation is abandoned when its clients are gone, of whichever front end', async () => {
  await using two = await Two.start({ execution: { abandonAfter: 1 } })
  const { stream, name } = await started(two.a)
  await stream.return(undefined)
  const request = new reapi.ListOperationsRequest().setFilter('done=true')
  const completed = async () =>
    reapi.ListOperationsResponse.deserializeBinary(await two.b.unary(paths.listOperations, request)).getOperationsList()
  while ((await completed()).length === 0) await findMissing(two.b, [])
  const [operation] = await completed()
  assert.is(operation?.getName(), name)
})

test('QS-04: an upload that breaks off can be continued where it began, and nowhere else', async () => {
  await using two = await Two.start()
  const { digest, bytes } = blobOfSize(600_000, 'in two parts')
  const name = uploadName(two.a, digest)
  const first = two.a.clientStream(paths.write)
  await first.send(writeRequest({ name, data: bytes.subarray(0, 300_000) }))
  while ((await queryWriteStatus(two.a, name)).committedSize < 300_000) await findMissing(two.a, [])
  first.cancel()
  assert.equal(await queryWriteStatus(two.b, name), { committedSize: 0, complete: false })
  const second = two.a.clientStream(paths.write)
  await second.send(writeRequest({ name, offset: 300_000, data: bytes.subarray(300_000), finish: true }))
  await second.response
  assert.equal(await queryWriteStatus(two.b, name), { committedSize: 600_000, complete: true })
})

test('BW-13: a full cache refuses through any front end, and what broke off in the other makes room', async () => {
  await using two = await Two.start({ localCache: { maxSizeGb: 0.001 }, execution: { enabled: false } })
  const half = blobOfSize(600_000, 'broke off')
  const name = uploadName(two.a, half.digest)
  const broken = two.a.clientStream(paths.write)
  await broken.send(writeRequest({ name, data: half.bytes.subarray(0, 500_000) }))
  while ((await queryWriteStatus(two.a, name)).committedSize < 500_000) await findMissing(two.a, [])
  broken.cancel()
  await failure(broken.response)
  await upload(two.b, blobOfSize(700_000, 'needs the room'))
  assert.is((await queryWriteStatus(two.a, name)).committedSize, 0)
  const { code, status } = await failure(upload(two.a, blobOfSize(400_000, 'too much')))
  assert.is(code, 'RESOURCE_EXHAUSTED')
  assert.is(status?.getDetailsList()[0]?.getTypeUrl(), 'type.googleapis.com/google.rpc.RetryInfo')
})

test('a front end that is killed takes its clients’ calls with it and nothing else, and comes back', async () => {
  await using two = await Two.start({ execution: { concurrency: 2 } })
  const running = [await started(two.a), await started(two.b)] as const
  const before = two.rig.server.frontEndPids
  process.kill(before[0] ?? 0, 'SIGKILL')
  const first = await Promise.race(
    running.map(async ({ stream }, n) => failure(lastOf(stream)).then(({ code }) => ({ code, n }))),
  )
  assert.is(first.code, 'UNAVAILABLE')
  const [lost, kept] = first.n === 0 ? [running[0], running[1]] : [running[1], running[0]]
  const [reconnecting, connected] = first.n === 0 ? [two.a, two.b] : [two.b, two.a]
  // Whoever lost the connection can come back to the operation, and to whichever front end there is.
  const again = waitExecution(reconnecting, lost.name)
  await until(again, EXECUTING)
  await Promise.all([lost.gate.open(), kept.gate.open()])
  assert.is((await lastOf(again)).code, OK)
  while (two.rig.server.frontEndPids.length < 2) await findMissing(connected, [])
  const after = two.rig.server.frontEndPids
  assert.equal([after.includes(before[0] ?? 0), after.includes(before[1] ?? 0)], [false, true])
  assert.match(two.rig.complaints.map(({ message }) => message).join(), 'a front end died')
  await run(two.rig.client, shell('echo still there'))
})

test('told to stop, it lets what runs finish, says that it is not healthy, and leaves neither process nor file', async () => {
  await using two = await Two.start()
  const { frontEndPids } = two.rig.server
  const { gate, stream } = await started(two.a)
  const stopped = two.rig.server.stop({ drainMs: HANG_BOUND_MS })
  const check = async () =>
    reapi.HealthCheckResponse.deserializeBinary(await two.b.unary(healthPaths.check, new reapi.HealthCheckRequest()))
  while ((await check()).getStatus() !== reapi.HealthCheckResponse.ServingStatus.NOT_SERVING);
  const refused = await uploadAction(two.b, shell('echo refused'))
  const { code } = await failure(lastOf(execute(two.b, refused.digest)))
  assert.is(code, 'UNAVAILABLE')
  await gate.open()
  const last = await lastOf(stream)
  assert.is(last.code, OK)
  assert.is(await stdoutOf(two.b, last), 'passed\n')
  await stopped
  assert.equal(frontEndPids.filter(isThere), [])
  assert.equal(two.rig.sessions(), [])
})

test('a Unix socket, too; and no second server on it', async () => {
  using directory = temporaryDirectory()
  const listenAddr = `unix:${join(directory.path, 'socket')}`
  await using two = await Two.start({ listenAddr })
  assert.is((await run(two.a, shell('echo hello'))).code, OK)
  const second = await ServerRig.start({ listenAddr, frontEnds: 2 }).catch((error) => error)
  assert.is(second.code, 'unavailable')
  assert.match(second.message, 'something listens there already')
})

test.run()
