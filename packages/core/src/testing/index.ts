// The tests that every store and every cache has to pass, and what is handy in tests of whatever is built on the engine.

export {
  type ActionMessages,
  BuiltAction,
  type BuiltBlob,
  buildAction,
  type TreeEntry,
  type TreeSpec,
} from './action-builder.js'
export {
  type ActionCacheContractOptions,
  actionCacheContract,
  type OpenedActionCache,
} from './action-cache-contract.js'
export { blobOf, blobOfSize, collect, inChunks, type TestBlob } from './blobs.js'
export { type CasContractOptions, casContract, type OpenedCas } from './cas-contract/index.js'
export { type RegisterTest, rejectsWith } from './contract.js'
export { enoughTime } from './enough-time.js'
export { FakeClock } from './fake-clock.js'
export { filledDigest, fillStore } from './fill-store.js'
export { HANG_BOUND_MS } from './hang-bound.js'
export { instead } from './instead.js'
export { isRunning } from './is-running.js'
export { putBlobFile } from './put-blob-file.js'
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js'
export { whyNoBubblewrap } from './why-no-bubblewrap.js'
