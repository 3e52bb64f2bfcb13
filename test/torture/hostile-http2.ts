import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { paths } from './hostile-calls.js'
import { Connection, frame } from './hostile-connection.js'
import {
  callFrames,
  callHeaders,
  FLAG,
  greeting,
  headerBlock,
  PREFACE,
  rawFrame,
  rawSocket,
  TYPE,
  windowUpdate,
} from './hostile-frames.js'
import { attacked } from './hostile-server.js'
import { Random } from './random.js'
import type { Scenario } from './scenario.js'

/** The server may also just wait for more, so a connection is left after this. */
const LISTEN_MS = 150
const RESETS = 2_000

/** What to write to a fresh connection; most of it the protocol forbids. */
type Abuse = (random: Random) => Uint8Array

const call = (headers: Readonly<Record<string, string>>, data = frame(new Uint8Array(0))) =>
  Buffer.concat([
    greeting(),
    rawFrame(TYPE.headers, FLAG.endHeaders, 1, callHeaders(paths.getCapabilities, headers)),
    rawFrame(TYPE.data, FLAG.endStream, 1, data),
  ])
const after = (...frames: Uint8Array[]) => Buffer.concat([greeting(), ...frames])
const open = (stream = 1) => rawFrame(TYPE.headers, FLAG.endHeaders, stream, callHeaders(paths.write))

const abuses: Readonly<Record<string, Abuse>> = {
  garbage: (random) => noise(random, 10_000),
  'garbage after the preface': (random) => Buffer.concat([PREFACE, noise(random, 10_000)]),
  'garbage frames': (random) =>
    after(
      ...Array.from({ length: 30 }, () =>
        rawFrame(random.between(0, 12), random.between(0, 255), random.between(0, 7), noise(random, 100)),
      ),
    ),
  'HTTP/1': () => Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'),
  'a TLS handshake': () => Buffer.from('16030100c8010000c40303', 'hex'),
  nothing: () => new Uint8Array(0),
  'a preface cut short': () => PREFACE.subarray(0, 10),
  'another content type': () => call({ 'content-type': 'text/html' }),
  'no te': () =>
    after(
      rawFrame(TYPE.headers, FLAG.endHeaders, 1, headersWithout('te')),
      rawFrame(TYPE.data, FLAG.endStream, 1, frame(new Uint8Array(0))),
    ),
  'no path': () => after(rawFrame(TYPE.headers, FLAG.endHeaders, 1, headersWithout(':path'))),
  'a path that is none': () => call({ ':path': '/\u00ff/../../..//?' }),
  'a method that is none': () => call({ ':method': 'BREW' }),
  'a compression that is none': () => call({ 'grpc-encoding': 'middle-out' }),
  'a timeout that is none': () => call({ 'grpc-timeout': '999999999999999999999H' }),
  'a time that is over': () => call({ 'grpc-timeout': '0n' }),
  'binary metadata that is none': () =>
    call({ 'build.bazel.remote.execution.v2.requestmetadata-bin': '%%%not base64%%%' }),
  'names in capitals': () => call({ 'X-Capital': 'x' }),
  'headers of connections': () => call({ connection: 'keep-alive', 'transfer-encoding': 'chunked' }),
  'a megabyte of headers': () => after(...manyHeaders(1_000_000)),
  'headers without an end': () =>
    after(
      rawFrame(TYPE.headers, 0, 1, callHeaders(paths.write)),
      ...Array.from({ length: 500 }, () => rawFrame(TYPE.continuation, 0, 1, headerBlock({ a: 'b' }))),
    ),
  'a header block that is none': (random) => after(rawFrame(TYPE.headers, FLAG.endHeaders, 1, noise(random, 200))),
  'a frame that is longer than it says': () => after(open(), rawFrame(TYPE.data, 0, 1, new Uint8Array(100), 50)),
  'a frame that is shorter than it says': () => after(open(), rawFrame(TYPE.data, 0, 1, new Uint8Array(100), 10_000)),
  'a frame of 16 MiB': () => after(open(), rawFrame(TYPE.data, 0, 1, new Uint8Array(100), 2 ** 24 - 1)),
  'a message that is longer than it says': () =>
    call({}, Buffer.concat([frame(new Uint8Array(10), 5), new Uint8Array(3)])),
  'a message that is shorter than it says': () => call({}, frame(new Uint8Array(10), 100)),
  'a message of 4 GiB': () => call({}, frame(new Uint8Array(10), 2 ** 32 - 1)),
  'a compressed message': () => call({}, Buffer.concat([Buffer.of(1), frame(new Uint8Array(10)).subarray(1)])),
  'a flag that is none': () => call({}, Buffer.concat([Buffer.of(77), frame(new Uint8Array(10)).subarray(1)])),
  'two messages where one is due': () => call({}, Buffer.concat([frame(new Uint8Array(0)), frame(new Uint8Array(0))])),
  'no message where one is due': () => call({}, Buffer.alloc(0)),
  'data on a stream that is not open': () => after(rawFrame(TYPE.data, 0, 9, new Uint8Array(10))),
  'data after the end': () =>
    after(callFrames(1, paths.write, frame(new Uint8Array(0))), rawFrame(TYPE.data, 0, 1, new Uint8Array(10))),
  'streams with even numbers': () => after(open(2), open(4)),
  'streams that go back': () => after(open(9), open(1)),
  'a stream that waits for itself': () => after(rawFrame(TYPE.priority, 0, 1, Buffer.from('0000000110', 'hex'))),
  'windows that overflow': () =>
    after(open(), windowUpdate(1, 2 ** 31 - 1), windowUpdate(1, 2 ** 31 - 1), windowUpdate(0, 2 ** 31 - 1)),
  'a window of nothing': () => after(open(), windowUpdate(1, 0)),
  'settings that are none': () => after(rawFrame(TYPE.settings, 0, 0, Buffer.from('0004ffffffff000500000001', 'hex'))),
  'a flood of settings': () => after(...Array.from({ length: 5_000 }, () => rawFrame(TYPE.settings, 0, 0))),
  'a flood of pings': () => after(...Array.from({ length: 5_000 }, () => rawFrame(TYPE.ping, 0, 0, new Uint8Array(8)))),
  'a flood of empty data': () => after(open(), ...Array.from({ length: 5_000 }, () => rawFrame(TYPE.data, 0, 1))),
  'a push from the client': () => after(rawFrame(TYPE.pushPromise, FLAG.endHeaders, 1, Buffer.alloc(8))),
  'streams that are reset at once': () =>
    after(
      ...Array.from({ length: RESETS }, (_, n) =>
        Buffer.concat([open(2 * n + 1), rawFrame(TYPE.rstStream, 0, 2 * n + 1, Buffer.from('00000008', 'hex'))]),
      ),
    ),
}

/** Bytes that are no HTTP/2, HTTP/2 that is no gRPC, and gRPC that lies. Meanwhile somebody else is served. */
export const hostileHttp2: Scenario = {
  name: 'hostile-http2',
  about:
    'raw HTTP/2 and plain garbage on the socket: connections are closed or answered, and others are served meanwhile',
  rounds: 20,
  run: ({ seed, rounds, log }) =>
    attacked(
      async ({ server, problems }) => {
        const random = new Random(seed)
        let connections = 0
        let closed = 0
        for (let round = 0; round < rounds; round++) {
          using bystander = await Connection.open(server.port)
          await Promise.all(
            Object.entries(abuses).map(async ([, abuse]) => {
              connections++
              if (await abused(server.port, abuse(random))) closed++
            }),
          )
          const { ending } = await bystander.ask(paths.getCapabilities, new Uint8Array(0))
          if (ending.code !== 0) problems.push(`somebody else got ${JSON.stringify(ending)}`)
        }
        problems.push(...(await silent(server.port)))
        log(`the server closed ${closed} of ${connections} connections by itself`)
        return { connections, 'closed by the server': closed }
      },
      { keepalive: 1 },
    ),
}

/** Whether the server closed the connection before we did. */
async function abused(port: number, bytes: Uint8Array): Promise<boolean> {
  const socket = await rawSocket(port)
  socket.resume()
  const closing = once(socket, 'close').then(() => true)
  socket.write(bytes)
  const closed = await Promise.race([closing, pause(LISTEN_MS, false, { ref: false })])
  socket.destroy()
  await closing
  return closed
}

const SILENT = 20

/** Connections that say nothing, or no more than hello and what they want, do not answer pings and so do not stay. */
async function silent(port: number): Promise<string[]> {
  const hellos = [new Uint8Array(0), PREFACE.subarray(0, 5), greeting(), after(open())]
  const sockets = await Promise.all(Array.from({ length: SILENT }, () => rawSocket(port)))
  const closed = sockets.map((socket, n) => {
    socket.resume()
    socket.write(hellos[n % hellos.length] ?? '')
    return Promise.race([once(socket, 'close'), pause(HANG_BOUND_MS, undefined, { ref: false })])
  })
  await Promise.all(closed)
  const left = sockets.filter((socket) => !socket.destroyed)
  for (const socket of left) socket.destroy()
  return left.length === 0 ? [] : [`${left.length} of ${SILENT} silent connections were kept`]
}

function noise(random: Random, atMost: number): Buffer {
  return Buffer.from(Array.from({ length: random.between(1, atMost) }, () => random.between(0, 255)))
}

function headersWithout(name: string): Buffer {
  const headers: Record<string, string> = {
    ':method': 'POST',
    ':scheme': 'http',
    ':path': paths.getCapabilities,
    ':authority': 'localhost',
    te: 'trailers',
    'content-type': 'application/grpc',
  }
  delete headers[name]
  return headerBlock(headers)
}

/** Headers that need many frames: a frame has no more than 16 KiB. */
function manyHeaders(bytes: number): Buffer[] {
  const filler = headerBlock({ 'x-filler': 'x'.repeat(16_000) })
  const count = Math.ceil(bytes / filler.length)
  return [
    rawFrame(TYPE.headers, 0, 1, callHeaders(paths.getCapabilities)),
    ...Array.from({ length: count }, (_, n) =>
      rawFrame(TYPE.continuation, n === count - 1 ? FLAG.endHeaders : 0, 1, filler),
    ),
  ]
}
