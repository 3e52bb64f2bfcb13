import { type ContentAddressableStorage, GoregoError } from '@gorego/core'
import { bodyInTurn } from '../../clients/body-in-turn.js'
import type { Dialect } from '../../wire/dialect.js'
import { plain, type Route, type Visit } from '../route.js'
import { blobAnswer } from './blob-answer.js'
import type { BlobsByHash } from './blobs-by-hash.js'
import { BLOB_PATH, blobPath, instanceIn } from './cache-path.js'
import { drain, mostBytesOf } from './upload.js'

export interface BlobRouteOptions extends Pick<Dialect, 'checkInstance' | 'functions'> {
  readonly cas: ContentAddressableStorage
  readonly byHash: BlobsByHash
  readonly maxBlobBytes: number
  /** Whether blobs are taken, too. */
  readonly writable: boolean
}

/** `/cas/hash`: blobs, the same as over gRPC. */
export function blobRoute({ writable, ...options }: BlobRouteOptions): Route {
  return {
    path: BLOB_PATH,
    instanceOf: instanceIn,
    isUse: true,
    template: '/cas/{hash}',
    GET: { needs: 'read', answer: (visit) => get(options, visit) },
    ...(writable ? { PUT: { needs: 'write', answer: (visit: Visit) => put(options, visit) } } : {}),
  }
}

type Options = Omit<BlobRouteOptions, 'writable'>

async function get({ checkInstance, functions, cas, byHash }: Options, visit: Visit) {
  const { fn, hash } = blobPath(visit.parts, checkInstance, functions)
  const digest = await byHash.find(fn, hash)
  if (digest === undefined) throw new GoregoError('not-found', `there is no blob ${hash}`)
  return blobAnswer(cas, digest, visit)
}

async function put(options: Options, { parts, request, signal, bytes }: Visit) {
  const { checkInstance, functions, cas, byHash, maxBlobBytes } = options
  const { fn, hash } = blobPath(parts, checkInstance, functions)
  const mostBytes = mostBytesOf(request, maxBlobBytes)
  if ((await byHash.find(fn, hash)) !== undefined) {
    await drain(request)
    return plain(200, 'it was here already')
  }
  using received = await byHash.receive(fn, bodyInTurn(request, bytes.up), mostBytes, signal)
  if (received.digest.hash !== hash) {
    throw new GoregoError('invalid-argument', `the ${fn.name} of what was sent is ${received.digest.hash}, not ${hash}`)
  }
  await cas.write(received.digest, received.content, signal)
  return plain(200, 'stored')
}
