/** The same without grpc-js: node:http2 answers every call with the same few bytes in gRPC's frame. Sends its address. */
import { createServer, type ServerHttp2Stream } from 'node:http2'
import type { AddressInfo } from 'node:net'

const FRAME_HEADER_BYTES = 5
const ANSWER_BYTES = 64
const frame = Buffer.alloc(FRAME_HEADER_BYTES + ANSWER_BYTES, 1)
frame[0] = 0
frame.writeUInt32BE(ANSWER_BYTES, 1)

const headers = { ':status': 200, 'content-type': 'application/grpc+proto' }
const trailers = { 'grpc-status': '0' }

const server = createServer()
server.on('stream', (stream: ServerHttp2Stream) => {
  stream.resume()
  stream.respond(headers, { waitForTrailers: true })
  stream.once('wantTrailers', () => stream.sendTrailers(trailers))
  stream.end(frame)
})
server.listen(0, '127.0.0.1', () => {
  process.send?.({ address: `127.0.0.1:${(server.address() as AddressInfo).port}` })
})
process.on('disconnect', () => process.exit(0))
