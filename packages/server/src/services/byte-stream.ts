import { reapi } from '@gorego/core'
import { parseWriteRequest } from '../wire/byte-stream-messages.js'
import type { Dialect } from '../wire/dialect.js'
import { clientStream, serverStream, unary } from '../wire/method.js'
import { parseReadName, parseWriteName } from '../wire/resource-name.js'
import { asInHeader } from '../wire/resource-name-header.js'
import { readBlob } from './byte-stream-read.js'
import { isThere, type WriteOptions, writeBlob } from './byte-stream-write.js'
import { committedSize } from './committed-size.js'
import type { Service } from './service.js'
import { WriteRequests } from './write-requests.js'

const SERVICE = '/google.bytestream.ByteStream'

export type ByteStreamOptions = WriteOptions & Dialect

export function byteStreamService(options: ByteStreamOptions): Service {
  const { cas, uploads } = options
  return [
    serverStream(`${SERVICE}/Read`, reapi.ReadRequest.deserializeBinary, (request, context) => {
      const name = parseReadName(asInHeader(request.getResourceName(), context), options)
      return readBlob(cas, name, { offset: request.getReadOffset(), limit: request.getReadLimit() }, context.signal)
    }),
    clientStream(`${SERVICE}/Write`, parseWriteRequest, async (messages, context) => {
      const requests = await WriteRequests.begin(messages, options)
      asInHeader(requests.resourceName, context)
      const stored = await writeBlob(requests, options, context.signal)
      return new reapi.WriteResponse().setCommittedSize(
        committedSize(requests.name, stored ? requests.reached : undefined, context.labels.tool),
      )
    }),
    unary(`${SERVICE}/QueryWriteStatus`, reapi.QueryWriteStatusRequest.deserializeBinary, async (request, context) => {
      const { digest, upload } = parseWriteName(asInHeader(request.getResourceName(), context), options)
      // QS-01, QS-02: of what nobody knows nothing has come; what is there is complete, whoever sent it.
      const complete = await isThere(cas, digest)
      return new reapi.QueryWriteStatusResponse()
        .setCommittedSize(complete ? digest.sizeBytes : uploads.receivedSize(upload))
        .setComplete(complete)
    }),
  ]
}
