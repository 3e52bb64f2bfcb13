export { READ_CHUNK } from './blob-file-reader.js'
export type {
  AllocateChunk,
  BlobContent,
  BlobFileOptions,
  ByteRange,
  ContentAddressableStorage,
} from './content-addressable-storage.js'
export { CorruptBlobError } from './corrupt-blob-error.js'
export { LeasedKeeper } from './leased-keeper.js'
export { LocalStore } from './local-store.js'
export type { AddedBlob, LocalStoreOptions, StoreUsage } from './local-store-options.js'
export { MemoryStore } from './memory-store.js'
export { blobNotFound, missingBlobs } from './missing-blobs.js'
export {
  type PartialUploadCounts,
  type PartialUploadLimits,
  PartialUploads,
  type PartialUploadsOptions,
} from './partial-uploads.js'
export { readChecked } from './read-checked.js'
export type { ReceivedBlob } from './received-blob.js'
export type { ResumableUploads, Upload } from './resumable-uploads.js'
export { SharedStore, type SharedStoreOptions } from './shared-store.js'
export type { StoreKeeper } from './store-keeper.js'
