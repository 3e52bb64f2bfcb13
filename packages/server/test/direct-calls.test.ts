// What is gRPC's own in the calls that are handled without grpc-js: framing, encodings, deadlines, endings.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, type IncomingHttpHeaders } from 'node:http2'
import { deflateSync, gzipSync } from 'node:zlib'
import { paths, queryWriteStatus, readRequest, upload } from '@gorego/conformance/client'
import { reapi } from '@gorego/core'
import { blobOf, blobOfSize, type TestBlob } from '@gorego/core/testing'
import { status } from '@grpc/grpc-js'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { ServerRig } from './server-rig.js'

const test = suite<{ rig: ServerRig; session: ClientHttp2Session }>('direct calls')

test.before(async (context) => {
  // Half of it comes on connections of its own, and is asked about on another: that takes one process.
  context.rig = await ServerRig.start({ frontEnds: 1, execution: { enabled: false } })
  context.session = connect(`http://${context.rig.server.address}`)
})

test.after(async ({ rig, session }) => {
  await new Promise<void>((resolve) => session.close(resolve))
  await rig.stop()
})

interface Answer {
  readonly headers: IncomingHttpHeaders
  readonly code: number
  readonly details: string
  readonly body: Buffer
}

function begin(session: ClientHttp2Session, path: string, headers: Record<string, string> = {}): ClientHttp2Stream {
  return session.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  })
}

/** What comes back. Trailers come in the headers where there is nothing else to say. */
function answerTo(stream: ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: IncomingHttpHeaders = {}
    let trailers: IncomingHttpHeaders = {}
    const body: Buffer[] = []
    stream.once('response', (received) => {
      headers = received
    })
    stream.once('trailers', (received) => {
      trailers = received
    })
    stream.on('data', (bytes: Buffer) => body.push(bytes))
    stream.once('error', reject)
    stream.once('end', () => {
      const code = Number(trailers['grpc-status'] ?? headers['grpc-status'])
      const details = decodeURI(String(trailers['grpc-message'] ?? headers['grpc-message']))
      resolve({ headers, code, details, body: Buffer.concat(body) })
    })
  })
}

function framed(message: Uint8Array, compressed = false, length = message.length): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = Number(compressed)
  prefix.writeUInt32BE(length, 1)
  return Buffer.concat([prefix, message])
}

function writeRequest({ digest }: TestBlob, data: Uint8Array, offset: number, last: boolean): Uint8Array {
  const name = offset === 0 ? `uploads/5d3cbc4b-8ea3-4b5a-9c1e-0d6e6e5d5b11/blobs/${digest}` : ''
  return new reapi.WriteRequest()
    .setResourceName(name)
    .setWriteOffset(offset)
    .setData(data)
    .setFinishWrite(last)
    .serializeBinary()
}

const unpack = ({ body }: Answer) => reapi.ReadResponse.deserializeBinary(body.subarray(5)).getData_asU8()

test('messages may be compressed with what the answer says is read', async ({ rig, session }) => {
  const blob = blobOfSize(5000, 'compressed messages')
  for (const [encoding, compress] of [
    ['gzip', gzipSync],
    ['deflate', deflateSync],
  ] as const) {
    const write = begin(session, paths.write, { 'grpc-encoding': encoding })
    write.write(framed(compress(writeRequest(blob, blob.bytes.subarray(0, 2000), 0, false)), true))
    // Each message says for itself whether it is compressed.
    write.end(framed(writeRequest(blob, blob.bytes.subarray(2000), 2000, true)))
    const { code, headers } = await answerTo(write)
    assert.is(code, status.OK)
    assert.match(String(headers['grpc-accept-encoding']), encoding)
    const read = begin(session, paths.read, { 'grpc-encoding': encoding })
    read.end(framed(compress(readRequest(rig.client, blob.digest).serializeBinary()), true))
    assert.ok(Buffer.from(unpack(await answerTo(read))).equals(blob.bytes))
  }
})

test('a message in another encoding, or not in the one that it says, is refused', async ({ session }) => {
  const codeOf = async (encoding: string, message: Uint8Array) => {
    const call = begin(session, paths.read, { 'grpc-encoding': encoding })
    call.end(framed(message, true))
    return (await answerTo(call)).code
  }
  assert.is(await codeOf('snappy', Buffer.from('x')), status.UNIMPLEMENTED)
  assert.is(await codeOf('gzip', Buffer.from('no gzip')), status.INVALID_ARGUMENT)
  assert.is(await codeOf('gzip', gzipSync(Buffer.alloc(17 * 1024 * 1024))), status.RESOURCE_EXHAUSTED)
})

test('a message that is too large is refused before it has come', async ({ session }) => {
  for (const path of [paths.read, paths.write, paths.batchUpdateBlobs]) {
    const call = begin(session, path)
    call.write(framed(Buffer.alloc(10), false, 17 * 1024 * 1024))
    assert.is((await answerTo(call)).code, status.RESOURCE_EXHAUSTED)
    call.end()
  }
})

test('a Read has one request, and not two or none', async ({ rig, session }) => {
  const blob = blobOf('one request')
  await upload(rig.client, blob)
  const request = framed(readRequest(rig.client, blob.digest).serializeBinary())
  for (const requests of [[], [request, request]]) {
    const call = begin(session, paths.read)
    call.end(Buffer.concat(requests))
    assert.is((await answerTo(call)).code, status.UNIMPLEMENTED)
  }
})

test('a message that breaks off is none', async ({ session }) => {
  for (const path of [paths.read, paths.write, paths.batchUpdateBlobs]) {
    const call = begin(session, path)
    call.end(framed(Buffer.alloc(10), false, 20))
    assert.is((await answerTo(call)).code, status.INVALID_ARGUMENT)
  }
})

test('GEN-07: an upload that takes longer than its deadline ends, and what came of it is kept', async ({
  rig,
  session,
}) => {
  const blob = blobOfSize(300_000, 'deadline')
  const name = `uploads/5d3cbc4b-8ea3-4b5a-9c1e-0d6e6e5d5b11/blobs/${blob.digest}`
  // Until the time was enough for what was sent to come.
  for (let timeoutMs = 200, committedSize = 0; committedSize < 100_000; timeoutMs *= 2) {
    const call = begin(session, paths.write, { 'grpc-timeout': `${timeoutMs}m` })
    call.write(framed(writeRequest(blob, blob.bytes.subarray(0, 100_000), 0, false)))
    assert.is((await answerTo(call)).code, status.DEADLINE_EXCEEDED)
    call.end()
    const kept = await queryWriteStatus(rig.client, name)
    assert.not(kept.complete)
    committedSize = kept.committedSize
  }
})

test('a deadline that is no time is refused, and one of centuries is none', async ({ rig, session }) => {
  const blob = blobOf('deadlines')
  await upload(rig.client, blob)
  const codeWith = async (timeout: string) => {
    const call = begin(session, paths.read, { 'grpc-timeout': timeout })
    call.end(framed(readRequest(rig.client, blob.digest).serializeBinary()))
    return (await answerTo(call)).code
  }
  assert.is(await codeWith('soon'), status.INTERNAL)
  assert.is(await codeWith('99999999H'), status.OK)
})

test('what is no gRPC is refused as such', async ({ session }) => {
  const call = begin(session, paths.read, { 'content-type': 'text/plain' })
  call.end()
  assert.is((await answerTo(call)).headers[':status'], 415)
})

test('BW-08: the answer does not wait for what the client still sends', async ({ rig, session }) => {
  const blob = blobOfSize(3_000_000, 'is there')
  await upload(rig.client, blob)
  const call = begin(session, paths.write)
  call.write(framed(writeRequest(blob, blob.bytes.subarray(0, 1000), 0, false)))
  const { code, body } = await answerTo(call)
  assert.is(code, status.OK)
  assert.is(reapi.WriteResponse.deserializeBinary(body.subarray(5)).getCommittedSize(), blob.bytes.length)
  const closed = new Promise((resolve) => call.once('close', resolve))
  call.end(framed(writeRequest(blob, blob.bytes.subarray(1000), 1000, true)))
  await closed
})

test.run()
