/** A gRPC server that answers GetCapabilities with the same few bytes, always. Sends its address when it is ready. */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { GET_CAPABILITIES } from '../wire/get-capabilities.js'

const asIs = (bytes: Buffer) => bytes
const answer = Buffer.alloc(64, 1)

const server = new Server()
const method = {
  path: GET_CAPABILITIES,
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
}
server.addService(
  { GetCapabilities: method },
  { GetCapabilities: (_call: unknown, respond: Respond) => respond(null, answer) },
)
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error
  process.send?.({ address: `127.0.0.1:${port}` })
})
process.on('disconnect', () => process.exit(0))

type Respond = (error: null, answer: Buffer) => void
