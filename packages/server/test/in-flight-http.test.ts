// The same over HTTP, as the metrics tell it.
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, type Socket } from 'node:net'
import { upload } from '@gorego/conformance/client'
import { blobOfSize, type TestBlob } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { eventually } from './eventually.js'
import { ServerRig } from './server-rig.js'

const MAX_BYTES = 1e6

const startRig = () => ServerRig.start({ http: { listenAddr: '127.0.0.1:0', cache: true }, limits: { inFlightMb: 1 } })

async function inFlight({ server }: ServerRig, direction: 'up' | 'down'): Promise<number> {
  const text = await (await fetch(`http://${server.httpAddress}/metrics`)).text()
  const [, bytes] = new RegExp(`^gorego_in_flight_bytes\\{direction="${direction}"\\} (\\d+)$`, 'm').exec(text) ?? []
  return Number(bytes)
}

/** The beginning of a request, and a client that then does nothing. */
async function beginOf({ server }: ServerRig, head: string): Promise<Socket> {
  const { hostname, port } = new URL(`http://${server.httpAddress}`)
  const socket = connect(Number(port), hostname).on('error', () => {})
  await once(socket, 'connect')
  socket.write(`${head} HTTP/1.1\r\nhost: localhost\r\n`)
  return socket
}

/** A request of somebody else: only Linux has all of 127.0.0.0/8 without further ado. */
async function asAnother({ server }: ServerRig, method: string, { digest }: TestBlob, body = Buffer.alloc(0)) {
  const { hostname, port } = new URL(`http://${server.httpAddress}`)
  const localAddress = process.platform === 'linux' ? '127.0.0.2' : '127.0.0.1'
  const sent = request({ hostname, port, method, localAddress, agent: false, path: `/cas/${digest.hash}` })
  sent.end(body)
  const [response] = await once(sent, 'response')
  let bytes = 0
  for await (const chunk of response) bytes += chunk.length
  return { status: response.statusCode, bytes }
}

test('requests that are slow to come hold no more than the budget of their client', async () => {
  await using rig = await startRig()
  const blob = blobOfSize(500_000, 'slow to come')
  const sockets = await Promise.all(Array.from({ length: 40 }, () => beginOf(rig, `PUT /cas/${blob.digest.hash}`)))
  for (const socket of sockets) socket.write('content-length: 500000\r\n\r\n')
  // Each holds what may come next; there is room for fifteen.
  await eventually(async () => (await inFlight(rig, 'up')) > MAX_BYTES - 2 * 64 * 1024)
  assert.ok((await inFlight(rig, 'up')) <= MAX_BYTES)
  const another = blobOfSize(300_000, 'of somebody else')
  if (process.platform === 'linux')
    assert.is((await asAnother(rig, 'PUT', another, Buffer.from(another.bytes))).status, 200)
  for (const socket of sockets) socket.destroy()
  await eventually(async () => (await inFlight(rig, 'up')) === 0)
  assert.is((await asAnother(rig, 'PUT', blob, Buffer.from(blob.bytes))).status, 200)
})

test('answers that nobody takes hold no more than the budget of their client', async () => {
  await using rig = await startRig()
  // More than the sockets of a system take on their way.
  const blob = blobOfSize(32e6, 'not taken')
  await upload(rig.client, blob)
  const sockets = await Promise.all(Array.from({ length: 8 }, () => beginOf(rig, `GET /cas/${blob.digest.hash}`)))
  for (const socket of sockets) socket.pause().write('\r\n')
  await eventually(async () => (await inFlight(rig, 'down')) > 0)
  for (let n = 0; n < 20; n++) assert.ok((await inFlight(rig, 'down')) <= MAX_BYTES)
  if (process.platform === 'linux') assert.equal(await asAnother(rig, 'GET', blob), { status: 200, bytes: 32e6 })
  for (const socket of sockets) socket.destroy()
  await eventually(async () => (await inFlight(rig, 'down')) === 0)
})

test.run()
