import type { Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { blobOfSize, type TestBlob } from '@gorego/core/testing'
import { paths, readRequest, upload, writeRequest } from './hostile-calls.js'
import { type Call, Connection, frame } from './hostile-connection.js'
import { callFrames, greeting, rawSocket } from './hostile-frames.js'
import { type Attack, attacked } from './hostile-server.js'
import type { Scenario } from './scenario.js'

const KIB = 1024
const MIB = 1024 * KIB
const BLOB_BYTES = 64 * MIB
const STREAMS_A_CONNECTION = 25

/**
 * What one stream may keep of the server's memory: for a reader, two chunks of 512 KiB, with room to spare; for a writer that has sent a few bytes, its handler. Without back-pressure it would be the blob.
 */
const READER_BYTES = 1.5 * MIB
const WRITER_BYTES = 256 * KIB

/** What the process may grow by on any account: garbage that is not collected yet, pools, code. */
const SLACK_BYTES = 128 * MIB

/** How long memory is watched while nobody reads: long enough to fill gigabytes, were nothing in the way. */
const WATCH_MS = 2_000
const LOOK_EVERY_MS = 50

/** Clients that never take what they asked for, and clients that never finish what they began. */
export const hostilePace: Scenario = {
  name: 'hostile-pace',
  about: 'downloads that are not read and uploads that trickle: what the server keeps for each is bounded',
  rounds: 100,
  run: ({ rounds, log }) =>
    attacked(async (attack) => {
      const { port } = attack.server
      const blob = blobOfSize(BLOB_BYTES, 'slow')
      using connection = await Connection.open(port)
      await upload(connection, blob)
      const peaks: Record<string, number> = {}
      const watch = async (what: string, bytesAStream: number, start: () => Promise<Clients>) => {
        peaks[`${what}, MiB`] = await watched(attack, what, rounds * bytesAStream, start)
        log(`${rounds} ${what}: memory grew by ${peaks[`${what}, MiB`]} MiB`)
      }
      await watch('readers with closed windows', READER_BYTES, () => readers(port, blob, rounds))
      await watch('readers with blocked sockets', READER_BYTES, () => blockedReaders(port, blob, rounds))
      await watch('writers that trickle', WRITER_BYTES, () => writers(port, blob, rounds))
      await watch('writers of endless messages', WRITER_BYTES, () => endlessMessages(port, rounds))
      return { streams: 4 * rounds, ...peaks }
    }),
}

/** Clients that have begun something that goes on until they are disposed. */
interface Clients extends Disposable {
  /** How many of them the server has sent away all the same. */
  readonly gone: () => number
}

/** How much the server's memory grew at most while that was going on, in MiB; more than allowed is a problem. */
async function watched(
  { memory, problems }: Attack,
  what: string,
  allowedBytes: number,
  start: () => Promise<Clients>,
): Promise<number> {
  const before = memory()
  using clients = await start()
  let peak = 0
  for (const end = performance.now() + WATCH_MS; performance.now() < end; await pause(LOOK_EVERY_MS)) {
    peak = Math.max(peak, memory() - before)
  }
  const grown = Math.round(peak / MIB)
  const allowed = Math.round((allowedBytes + SLACK_BYTES) / MIB)
  if (clients.gone() > 0) problems.push(`${what}: ${clients.gone()} were sent away, and so proved nothing`)
  if (grown > allowed) problems.push(`${what}: memory grew by ${grown} MiB, more than ${allowed} MiB`)
  return grown
}

/** HTTP/2's flow control says no after 64 KiB. */
function readers(port: number, { digest }: TestBlob, count: number): Promise<Clients> {
  return onConnections(port, count, (connection) => {
    const call = connection.call(paths.read)
    call.send(readRequest(digest))
    call.end()
    return call
  })
}

/** HTTP/2's flow control says yes to everything, but nobody takes the bytes off the socket. */
async function blockedReaders(port: number, { digest }: TestBlob, count: number): Promise<Clients> {
  const sockets: Socket[] = []
  const message = frame(readRequest(digest))
  for (let first = 0; first < count; first += STREAMS_A_CONNECTION) {
    const socket = await rawSocket(port)
    socket.pause()
    socket.write(greeting())
    const calls = Math.min(STREAMS_A_CONNECTION, count - first)
    for (let n = 0; n < calls; n++) socket.write(callFrames(2 * n + 1, paths.read, message))
    sockets.push(socket)
  }
  return {
    gone: () => sockets.filter((socket) => socket.destroyed).length,
    [Symbol.dispose]: () => {
      for (const socket of sockets) socket.destroy()
    },
  }
}

/** A message that begins an upload, and then a byte of the next one now and then. */
async function writers(port: number, { bytes }: TestBlob, count: number): Promise<Clients> {
  const calls: Call[] = []
  const clients = await onConnections(port, count, (connection, n) => {
    const call = connection.call(paths.write)
    call.send(writeRequest(blobOfSize(1000, `absent ${n}`).digest, { data: bytes.subarray(0, 1) }))
    calls.push(call)
    return call
  })
  const next = frame(new Uint8Array(1000))
  let sent = 0
  const trickle = setInterval(() => {
    for (const call of calls) call.sendRaw(next.subarray(sent, sent + 1))
    sent++
  }, LOOK_EVERY_MS)
  return {
    gone: clients.gone,
    [Symbol.dispose]: () => {
      clearInterval(trickle)
      clients[Symbol.dispose]()
    },
  }
}

/** Messages that say that they have 15 MB, of which a little comes. */
function endlessMessages(port: number, count: number): Promise<Clients> {
  return onConnections(port, count, (connection) => {
    const call = connection.call(paths.batchUpdateBlobs)
    call.sendRaw(frame(new Uint8Array(64 * KIB), 15e6))
    return call
  })
}

async function onConnections(
  port: number,
  count: number,
  begin: (connection: Connection, n: number) => Call,
): Promise<Clients> {
  const connections: Connection[] = []
  let gone = 0
  for (let n = 0; n < count; n++) {
    if (n % STREAMS_A_CONNECTION === 0) connections.push(await Connection.open(port))
    const call = begin(connections.at(-1) as Connection, n)
    void call.ended.then(() => gone++)
  }
  await Promise.all(connections.map((connection) => connection.heard()))
  return {
    gone: () => gone,
    [Symbol.dispose]: () => {
      for (const connection of connections) connection[Symbol.dispose]()
    },
  }
}
