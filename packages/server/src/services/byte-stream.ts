import { reapi } from '@gorego/core'
import { parseReadRequest, parseWriteRequest } from '../wire/byte-stream-messages.js'
import type { Dialect } from '../wire/dialect.js'
import { download, upload } from '../wire/direct-method.js'
import { unary } from '../wire/method.js'
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
    download(`${SERVICE}/Read`, parseReadRequest, async ({ resourceName, readOffset, readLimit }, call) => {
      const name = parseReadName(asInHeader(resourceName, call), options, call)
      await readBlob(cas, name, { offset: readOffset, limit: readLimit }, call)
    }),
    upload(`${SERVICE}/Write`, parseWriteRequest, async (messages, context) => {
      const requests = await WriteRequests.begin(messages, options, context)
      asInHeader(requests.resourceName, context)
      const stored = await writeBlob(requests, options, context)
      return new reapi.WriteResponse().setCommittedSize(
        committedSize(requests.name, stored ? requests.reached : undefined, context),
      )
    }),
    unary(`${SERVICE}/QueryWriteStatus`, reapi.QueryWriteStatusRequest.deserializeBinary, async (request, context) => {
      const { digest, upload } = parseWriteName(asInHeader(request.getResourceName(), context), options, context)
      // QS-01, QS-02: of what nobody knows nothing has come; what is there is complete, whoever sent it.
      const complete = await isThere(cas, digest)
      return new reapi.QueryWriteStatusResponse()
        .setCommittedSize(complete ? digest.sizeBytes : uploads.receivedSize(upload))
        .setComplete(complete)
    }),
  ]
}
