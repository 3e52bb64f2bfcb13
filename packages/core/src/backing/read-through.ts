import type { ContentAddressableStorage } from '../cas/index.js'

/**
 * The local store for whoever prepares actions here: what is looked for and written is so in it alone, as inputs need not go anywhere
 * else to be run here, and one that is only behind would have to be fetched although its file is at hand. What is read may be anywhere.
 */
export function readThrough(
  local: ContentAddressableStorage,
  everything: ContentAddressableStorage,
): ContentAddressableStorage {
  return {
    findMissing: (digests, signal) => local.findMissing(digests, signal),
    get: (digest, signal) => everything.get(digest, signal),
    read: (digest, range, signal, allocate) => everything.read(digest, range, signal, allocate),
    write: (digest, content, signal) => local.write(digest, content, signal),
  }
}
