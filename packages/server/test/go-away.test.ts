// What connections are told when the server stops, seen on the wire: gRPC clients keep GOAWAY to themselves.
import { connect } from 'node:http2'
import {
  execute,
  findMissing,
  Gate,
  isMissing,
  lastOf,
  paths,
  shell,
  until,
  uploadAction,
  uploadName,
  writeRequest,
} from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, HANG_BOUND_MS, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const gates = temporaryDirectory()
test.after(() => gates[Symbol.dispose]())

/** A message as gRPC puts it on a stream: not compressed, its length, its bytes. */
function framed(message: { serializeBinary(): Uint8Array }): Buffer {
  const bytes = message.serializeBinary()
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([prefix, bytes])
}

for (const frontEnds of [1, 2]) {
  test(`connections are sent away once running actions have ended, and calls under way still finish: front ends ${frontEnds}`, async () => {
    await using rig = await ServerRig.start({ frontEnds, shutdownGrace: HANG_BOUND_MS / 1000 })
    const gate = new Gate(gates.path)
    const running = execute(rig.client, (await uploadAction(rig.client, shell(gate.wait))).digest)
    await until(running, reapi.ExecutionStage.Value.EXECUTING)

    const session = connect(`http://${rig.server.address}`)
    const sentAway = new Promise<number>((resolve) => session.once('goaway', resolve))
    let away = false
    void sentAway.then(() => {
      away = true
    })
    const blob = blobOf(`under way, front ends ${frontEnds}`)
    const name = uploadName(rig.client, blob.digest)
    const upload = session.request({
      ':method': 'POST',
      ':path': paths.write,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const ended = new Promise<unknown>((resolve) => {
      upload.once('trailers', (trailers) => resolve(trailers['grpc-status']))
      upload.once('close', () => resolve('closed'))
    })
    upload.resume().write(framed(writeRequest({ name, data: blob.bytes.subarray(0, 3) })))
    while (rig.temporaryFiles().length === 0) await findMissing(rig.client, [])

    const stopped = rig.server.stop()
    // Whoever executes here needs the outputs from here.
    assert.ok(await isMissing(rig.client, blob))
    assert.not(away)
    await gate.open()
    assert.is((await lastOf(running)).code, reapi.RpcCode.OK)
    assert.is(await sentAway, 0)
    upload.end(framed(writeRequest({ offset: 3, data: blob.bytes.subarray(3), finish: true })))
    assert.is(await ended, '0')
    await stopped
    session.destroy()
  })
}

test.run()
