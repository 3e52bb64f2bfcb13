// For build tools: run actions in this process's own engine.

// The parts, for those who compose an engine of their own.
export * from './action-cache/index.js'
export * from './backing/index.js'
export * from './cas/index.js'
export {
  ChunkedBlobs,
  type ChunkedBlobsOptions,
  FastCdc,
  type FastCdcParameters,
  fastCdcParameters,
  MAX_CHUNKS,
} from './chunking/index.js'
export * from './compare/index.js'
export * from './digest/index.js'
export { type Budget, blocks, type Reservation, reservationFrom } from './disk/index.js'
export { content, directory, file, type Input, type Inputs, stored, symlink } from './embed/inputs.js'
export { type ActionSpec, type PrepareOptions, prepareAction } from './embed/prepare-action.js'
export { type DirectoryEntry, readDirectory } from './embed/read-directory.js'
export { type DirectoryOutput, ExecutionError, type Output, RunResult, type Timings } from './embed/run-result.js'
export { storeFile } from './embed/store-file.js'
export * from './errors/index.js'
export { LocalExecutor, type LocalExecutorOptions, type Progress, type RunOptions } from './local-executor.js'
export * from './observe/index.js'
export * from './platform/index.js'
export type { UsedResources } from './proto/index.js'
// The protocol's messages, and what is needed to handle them.
export * as reapi from './proto/index.js'
export { SANDBOX_ROOT, type SandboxChoice, type SandboxSetup } from './sandbox/index.js'
export * from './scheduler/index.js'
export {
  type Collected,
  type CollectOptions,
  collectGarbage,
  emptyStore,
  type StoreStatistics,
  storeStatistics,
  unusedStoreAt,
  type VerifiedBlob,
  type VerifyOptions,
  verifyStore,
} from './upkeep/index.js'
export * from './worker/index.js'
