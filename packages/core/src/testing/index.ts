// For whoever implements a store or a cache of their own: the tests that it has to pass.
export {
  type ActionCacheContractOptions,
  actionCacheContract,
  type OpenedActionCache,
} from './action-cache-contract.js'
// For tests of what is built on the engine.
export { blobOf, blobOfSize, collect, inChunks, type TestBlob } from './blobs.js'
export { type CasContractOptions, casContract, type OpenedCas } from './cas-contract/index.js'
export { type RegisterTest, rejectsWith } from './contract.js'
export { FakeClock } from './fake-clock.js'
export { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js'
