export type { BlobContent, ByteRange, ContentAddressableStorage } from './content-addressable-storage.js'
export { LocalStore, type LocalStoreOptions } from './local-store.js'
export { MemoryStore } from './memory-store.js'
export { blobNotFound, missingBlobs } from './missing-blobs.js'
