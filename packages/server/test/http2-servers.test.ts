import { connect } from 'node:http2'
import { createRequire } from 'node:module'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withWideWindows } from '../src/wire/http2-windows.js'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024
const http2: typeof import('node:http2') = createRequire(import.meta.url)('node:http2')

test('uploads are received through windows of 4 MiB a stream and 16 MiB a connection', async () => {
  await using rig = await ServerRig.start({ execution: { enabled: false } })
  const session = connect(`http://${rig.server.address}`)
  try {
    await new Promise((resolve) => session.once('remoteSettings', resolve))
    assert.is(session.remoteSettings.initialWindowSize, 4 * MIB)
    // The connection's own window comes in a frame after the settings: certainly before the answer to a ping.
    await new Promise((resolve) => session.ping(resolve))
    assert.ok((session.state.remoteWindowSize ?? 0) >= 16 * MIB, String(session.state.remoteWindowSize))
  } finally {
    await new Promise<void>((resolve) => session.close(resolve))
  }
})

test('node:http2 is as it was once the server listens, or could not', async () => {
  const { createServer, createSecureServer } = http2
  await using rig = await ServerRig.start({ execution: { enabled: false } })
  assert.is(http2.createServer, createServer)
  await ServerRig.start({ listenAddr: rig.server.address }).then(
    () => assert.unreachable(),
    () => {},
  )
  assert.is(http2.createServer, createServer)
  assert.is(http2.createSecureServer, createSecureServer)
})

test('servers that are bound at the same time put it back when the last of them is done', async () => {
  const { createServer } = http2
  const releases: (() => void)[] = []
  const binding = () => withWideWindows(() => new Promise<void>((resolve) => releases.push(resolve)))
  const [first, second] = [binding(), binding()]
  assert.is.not(http2.createServer, createServer)
  releases[0]?.()
  await first
  assert.is.not(http2.createServer, createServer)
  releases[1]?.()
  await second
  assert.is(http2.createServer, createServer)
})

test.run()
