import { connect } from 'node:http2'
import { createRequire } from 'node:module'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withOwnHttp2 } from '../src/wire/http2-servers.js'
import { ServerRig } from './server-rig.js'

const MIB = 1024 * 1024
const http2: typeof import('node:http2') = createRequire(import.meta.url)('node:http2')

test('uploads are received through windows of 4 MiB a stream and 64 MiB a connection', async () => {
  await using rig = await ServerRig.start({ execution: { enabled: false } })
  const session = connect(`http://${rig.server.address}`)
  try {
    await new Promise((resolve) => session.once('remoteSettings', resolve))
    assert.is(session.remoteSettings.initialWindowSize, 4 * MIB)
    // The connection's own window comes in a frame after the settings: certainly before the answer to a ping.
    await new Promise((resolve) => session.ping(resolve))
    assert.ok((session.state.remoteWindowSize ?? 0) >= 64 * MIB, String(session.state.remoteWindowSize))
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

test('of servers that are bound at the same time each has its turn, also behind one that fails', async () => {
  const { createServer } = http2
  const wrappers: unknown[] = []
  const bind = async (result: string) => {
    wrappers.push(http2.createServer)
    await new Promise(setImmediate)
    assert.is(http2.createServer, wrappers.at(-1), 'nobody else binds meanwhile')
    if (result === '') throw new Error('no port')
    return result
  }
  const bound = await Promise.allSettled(
    ['one', '', 'two'].map((result) => withOwnHttp2(new Map(), () => bind(result))),
  )
  assert.equal(
    bound.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : outcome.reason.message)),
    ['one', 'no port', 'two'],
  )
  assert.is(new Set([createServer, ...wrappers]).size, 4)
  assert.is(http2.createServer, createServer)
})

test.run()
