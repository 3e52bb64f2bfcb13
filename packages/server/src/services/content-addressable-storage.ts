import { type ContentAddressableStorage, reapi } from '@gorego/core'
import { parseBatchRead, parseBatchUpdate } from '../wire/batch-messages.js'
import type { Dialect } from '../wire/dialect.js'
import { requestDigest } from '../wire/digests.js'
import { whole } from '../wire/direct-method.js'
import { serverStream } from '../wire/method.js'
import { batchRead } from './batch-read.js'
import { batchUpdate } from './batch-update.js'
import { findMissing, parseFindMissing } from './find-missing.js'
import { getTree } from './get-tree.js'
import type { Service } from './service.js'

const SERVICE = '/build.bazel.remote.execution.v2.ContentAddressableStorage'

export interface ContentAddressableStorageOptions extends Dialect {
  readonly cas: ContentAddressableStorage
  readonly maxBlobBytes: number
}

export function contentAddressableStorageService(options: ContentAddressableStorageOptions): Service {
  const { cas, functions, checkInstance } = options
  return [
    whole(`${SERVICE}/FindMissingBlobs`, 'answers', parseFindMissing, (request, context) =>
      findMissing(options, request, context),
    ),
    whole(`${SERVICE}/BatchUpdateBlobs`, 'everything', parseBatchUpdate, (request, context) =>
      batchUpdate(options, request, context),
    ),
    whole(`${SERVICE}/BatchReadBlobs`, 'answers', parseBatchRead, (request, context) =>
      batchRead(options, request, context),
    ),
    serverStream(`${SERVICE}/GetTree`, reapi.GetTreeRequest.deserializeBinary, (request, context) => {
      checkInstance(request.getInstanceName(), context)
      const root = requestDigest(functions, request.getDigestFunction(), request.getRootDigest(), 'root_digest')
      return getTree(cas, root, { pageSize: request.getPageSize(), pageToken: request.getPageToken() }, context.signal)
    }),
  ]
}
