import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { createConnection } from 'node:net'
import { join } from 'node:path'
import { isMissing, store } from '@gorego/conformance/client'
import { GoregoError, silentLogger } from '@gorego/core'
import { blobOf, temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startServer } from '../src/compose.js'
import { configOf, ServerRig } from './server-rig.js'

const cacheOnly = { execution: { enabled: false } }

async function startFailure(listenAddr: string): Promise<GoregoError> {
  using directory = temporaryDirectory()
  const config = await configOf({ listenAddr, insecure: true }, directory.path)
  try {
    await startServer(config, { logger: silentLogger })
  } catch (error) {
    assert.equal(readdirSync(join(directory.path, 'run')), [], 'nothing is left of a server that could not start')
    assert.ok(error instanceof GoregoError)
    return error
  }
  throw new Error(`${listenAddr} was free`)
}

/** Stores a blob over the server's address. */
async function works(rig: ServerRig): Promise<void> {
  const blob = blobOf(`via ${rig.server.address}`)
  await store(rig.client, blob)
  assert.not(await isMissing(rig.client, blob))
}

test('port 0 takes a free port and says which', async () => {
  await using one = await ServerRig.start(cacheOnly)
  await using two = await ServerRig.start(cacheOnly)
  assert.match(one.server.address, /^127\.0\.0\.1:[1-9]\d*$/)
  assert.is.not(one.server.address, two.server.address)
  await works(one)
})

test('a port that is taken is said to be, and what can be done', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  const error = await startFailure(rig.server.address)
  assert.is(error.code, 'unavailable')
  assert.match(error.message, rig.server.address)
  assert.match(error.message, /something listens there already/)
})

test('a host that is not this one is said to be none to listen on', async () => {
  const { code, message } = await startFailure('192.0.2.1:1')
  assert.is(code, 'unavailable')
  assert.match(message, /cannot listen on 192\.0\.2\.1:1/)
})

test('unix sockets: served, and removed when the server stops', async () => {
  using directory = temporaryDirectory()
  for (const prefix of ['unix:', 'unix://']) {
    const path = join(directory.path, 'gorego.sock')
    {
      await using rig = await ServerRig.start({ ...cacheOnly, listenAddr: `${prefix}${path}` })
      assert.is(rig.server.address, `${prefix}${path}`)
      await works(rig)
    }
    assert.not(existsSync(path))
  }
})

test('unix sockets: a file that a killed server left is replaced', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'stale.sock')
  const listen = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`
  spawnSync(process.execPath, ['-e', listen])
  assert.ok(existsSync(path))
  await using rig = await ServerRig.start({ ...cacheOnly, listenAddr: `unix:${path}` })
  await works(rig)
})

test('unix sockets: one on which somebody answers, and a file that is no socket, are left alone', async () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'gorego.sock')
  {
    await using rig = await ServerRig.start({ ...cacheOnly, listenAddr: `unix:${path}` })
    assert.match((await startFailure(`unix:${path}`)).message, /something listens there already/)
    await works(rig)
  }
  writeFileSync(path, 'precious')
  assert.is((await startFailure(`unix:${path}`)).code, 'unavailable')
  assert.ok(existsSync(path))
})

test('unix sockets: only their owner can connect, unless the setting says who else', async () => {
  using directory = temporaryDirectory()
  const listenAddr = `unix:${directory.path}/gorego.sock`
  const http = { listenAddr: `unix:${directory.path}/http.sock` }
  for (const frontEnds of [1, 2]) {
    for (const [given, mode] of [
      [{}, 0o600],
      [{ unixSocketMode: 0o660 }, 0o660],
    ] as const) {
      await using _rig = await ServerRig.start({ ...cacheOnly, listenAddr, http, frontEnds, ...given })
      for (const name of ['gorego', 'http'])
        assert.is(statSync(join(directory.path, `${name}.sock`)).mode & 0o777, mode, name)
    }
  }
})

test('an address that other machines reach is refused without TLS and --insecure, before anything is begun', async () => {
  using directory = temporaryDirectory()
  const outside = '0.0.0.0:0'
  for (const [options, where] of [
    [{ listenAddr: outside }, 'listen_addr'],
    [{ http: { listenAddr: outside } }, 'http.listen_addr'],
  ] as const) {
    const error = await ServerRig.start({ ...options, directory: directory.path }).then(
      () => undefined,
      (reason) => reason,
    )
    assert.ok(error instanceof GoregoError && error.code === 'invalid-argument')
    assert.match(error.message, `${where}: other machines can reach 0.0.0.0:0`)
    assert.match(error.message, '--insecure')
  }
  assert.equal(readdirSync(directory.path), [])
  await using rig = await ServerRig.start({ ...cacheOnly, listenAddr: outside, insecure: true })
  await works(rig)
})

test('connections that speak no HTTP/2 do no harm', async () => {
  await using rig = await ServerRig.start(cacheOnly)
  const port = Number(rig.server.address.split(':')[1])
  const socket = createConnection(port, '127.0.0.1')
  socket.on('error', () => {})
  await new Promise((resolve) => socket.once('connect', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.resume().end('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await closed
  await works(rig)
})

test.run()
