import type { Route } from '../route.js'
import { type BlobRouteOptions, blobRoute } from './blob-route.js'
import { type ResultRouteOptions, resultRoute } from './result-route.js'

export type CacheRoutesOptions = Omit<BlobRouteOptions, 'writable'> & ResultRouteOptions

/** Bazel's HTTP cache protocol, which ccache, Gradle and others speak as well, over the store that gRPC has. */
export function cacheRoutes(options: CacheRoutesOptions): Route[] {
  return [blobRoute({ ...options, writable: true }), resultRoute(options)]
}
