import type { ContentAddressableStorage } from '../cas/index.js'
import { isEmptyBlob } from '../digest/index.js'
import type { BackingCache } from './backing-cache.js'

/**
 * A `ProxyStore` for clients of a server whose backing cache is required: a blob counts as there only when it is there behind. One
 * that is only here (its writer was refused, or this process killed, before it had gone behind) is missing, so that whoever
 * sends it again waits until it is in both.
 */
export function onlyIfBehind(
  proxy: ContentAddressableStorage,
  local: ContentAddressableStorage,
  backing: BackingCache,
): ContentAddressableStorage {
  return {
    async findMissing(digests, signal) {
      const asked = digests.filter((digest) => !isEmptyBlob(digest))
      // What is here counts as used, or it would be evicted and fetched again.
      const [missing] = await Promise.all([backing.findMissing(asked, signal), local.findMissing(asked, signal)])
      return missing
    },
    get: (digest, signal) => proxy.get(digest, signal),
    read: (digest, range, signal, allocate) => proxy.read(digest, range, signal, allocate),
    write: (digest, content, signal) => proxy.write(digest, content, signal),
    blobFile: async (digest, options, signal) => await proxy.blobFile?.(digest, options, signal),
  }
}
