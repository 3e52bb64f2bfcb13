import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

/** HTTP/2 by hand (RFC 9113), for what no library would send. */
export const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

export const TYPE = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FLAG = { endStream: 1, ack: 1, endHeaders: 4 } as const

const INITIAL_WINDOW_SIZE = 4
export const LARGEST_WINDOW = 2 ** 31 - 1
const FIRST_WINDOW = 65_535

/** `length` is what the frame says about itself; as long as it is, unless told otherwise. */
export function rawFrame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array = new Uint8Array(0),
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

/** What a client begins with; with windows so large that it never has to say that it has read something. */
export function greeting(): Buffer {
  const window = Buffer.alloc(6)
  window.writeUInt16BE(INITIAL_WINDOW_SIZE, 0)
  window.writeUInt32BE(LARGEST_WINDOW, 2)
  return Buffer.concat([PREFACE, rawFrame(TYPE.settings, 0, 0, window), windowUpdate(0, LARGEST_WINDOW - FIRST_WINDOW)])
}

export function windowUpdate(stream: number, increment: number): Buffer {
  const payload = Buffer.alloc(4)
  payload.writeUInt32BE(increment)
  return rawFrame(TYPE.windowUpdate, 0, stream, payload)
}

/** Headers as HPACK literals that are not indexed and not compressed (RFC 7541, 6.2.2). */
export function headerBlock(headers: Readonly<Record<string, string>>): Buffer {
  const fields = Object.entries(headers).map(([name, value]) =>
    Buffer.concat([Buffer.of(0), literal(name), literal(value)]),
  )
  return Buffer.concat(fields)
}

/** The headers of a gRPC call. */
export function callHeaders(path: string, more: Readonly<Record<string, string>> = {}): Buffer {
  return headerBlock({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': path,
    ':authority': 'localhost',
    te: 'trailers',
    'content-type': 'application/grpc',
    ...more,
  })
}

/** A whole call: headers, and one message with nothing after it. */
export function callFrames(stream: number, path: string, message: Uint8Array): Buffer {
  return Buffer.concat([
    rawFrame(TYPE.headers, FLAG.endHeaders, stream, callHeaders(path)),
    rawFrame(TYPE.data, FLAG.endStream, stream, message),
  ])
}

/** A socket to the server on which nobody speaks HTTP/2 unless the caller does. */
export async function rawSocket(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([Buffer.from(prefixed(bytes.length)), bytes])
}

/** An integer with a prefix of 7 bits (RFC 7541, 5.1). */
function prefixed(value: number): number[] {
  const most = 0x7f
  if (value < most) return [value]
  const bytes = [most]
  let rest = value - most
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push((rest % 0x80) | 0x80)
  return [...bytes, rest]
}
