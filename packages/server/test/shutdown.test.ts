import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  execute,
  executeRequest,
  failure,
  findMissing,
  Gate,
  lastOf,
  paths,
  read,
  run,
  shell,
  until,
  uploadAction,
  uploadName,
  writeRequest,
} from '@gorego/conformance/client'
import { reapi, SHA256 } from '@gorego/core'
import { blobOf, HANG_BOUND_MS, isRunning, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const { QUEUED, EXECUTING } = reapi.ExecutionStage.Value
const { OK, UNAVAILABLE } = reapi.RpcCode

const gates = temporaryDirectory()
test.after(() => gates[Symbol.dispose]())

test('what runs may finish, and its client gets the result and the outputs; what waits is UNAVAILABLE; nothing new is taken', async () => {
  await using rig = await ServerRig.start()
  const gate = new Gate(gates.path)
  const running = execute(rig.client, (await uploadAction(rig.client, shell(`${gate.wait}; echo finished`))).digest)
  await until(running, EXECUTING)
  const queued = execute(rig.client, (await uploadAction(rig.client, shell('echo too late'))).digest)
  await until(queued, QUEUED)
  const refused = await uploadAction(rig.client, shell('echo refused'))

  let stopped = false
  const stop = rig.server.stop({ drainMs: HANG_BOUND_MS }).then(() => {
    stopped = true
  })
  assert.is((await lastOf(queued)).code, UNAVAILABLE)
  const { code, status } = await failure(
    rig.client.serverStream(paths.execute, executeRequest(rig.client, refused.digest)),
  )
  assert.is(code, 'UNAVAILABLE')
  // GEN-02
  assert.is(status?.getDetailsList()[0]?.getTypeUrl(), 'type.googleapis.com/google.rpc.RetryInfo')
  assert.not(stopped)

  await gate.open()
  const { code: finished, response } = await lastOf(running)
  assert.is(finished, OK)
  const stdout = reapi.fromDigestMessage(SHA256, response.getResult()?.getStdoutDigest(), 'stdout')
  assert.is((await read(rig.client, stdout)).toString(), 'finished\n')
  await stop
  assert.equal(rig.sessions(), [])
})

test('what does not finish in time is ended, with all its processes', async () => {
  await using rig = await ServerRig.start()
  const gate = new Gate(gates.path)
  const script = `echo $$ > '${gates.path}/pid'; ${gate.wait}`
  const running = execute(rig.client, (await uploadAction(rig.client, shell(script))).digest)
  await until(running, EXECUTING)
  const pidFile = join(gates.path, 'pid')
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await findMissing(rig.client, [])
  const last = lastOf(running)
  await rig.server.stop({ drainMs: 1 })
  assert.is((await last).code, UNAVAILABLE)
  assert.throws(() => process.kill(Number(readFileSync(pidFile, 'utf8')), 0), /ESRCH/)
  assert.equal(rig.sessions(), [])
})

test('no runner outlives the server, nor what starts its commands', async () => {
  await using rig = await ServerRig.start()
  // The command's parent is the launcher, if there is one, and the runner is above.
  const { response } = await run(rig.client, shell('echo $PPID; cut -d" " -f4 /proc/$PPID/stat'))
  const request = reapi.fromDigestMessage(SHA256, response.getResult()?.getStdoutDigest(), 'stdout')
  const above = (await read(rig.client, request)).toString().trim().split('\n').map(Number)
  const ours = above.filter((pid) => pid !== process.pid)
  assert.ok(ours.length > 0 && ours.every(isRunning))
  await rig.stop()
  assert.equal(ours.filter(isRunning), [])
})

test('an idle server stops at once, with clients connected; stopping twice is stopping once', async () => {
  await using rig = await ServerRig.start()
  await findMissing(rig.client, [])
  // Longer than the test runner waits.
  await rig.server.stop({ drainMs: 3_600_000 })
  await rig.server.stop()
  assert.is((await failure(findMissing(rig.client, []))).code, 'UNAVAILABLE')
})

test('GEN-07: an upload that hangs holds nothing up for long, and leaves nothing', async () => {
  const rig = await ServerRig.start({ execution: { enabled: false } })
  const { digest, bytes } = blobOf('never finished')
  const upload = rig.client.clientStream(paths.write)
  await upload.send(writeRequest({ name: uploadName(rig.client, digest), data: bytes.subarray(0, 3) }))
  while (rig.temporaryFiles().length === 0) await findMissing(rig.client, [])
  const end = failure(upload.response)
  await rig.stop()
  assert.ok(['UNAVAILABLE', 'CANCELLED', 'INTERNAL'].includes((await end).code), (await end).code)
})

test.run()
