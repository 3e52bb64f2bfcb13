// For build tools: run actions in this process's own engine.

// The parts, for those who compose an engine of their own.
export {
  type ActionCache,
  type ActionKey,
  LocalActionCache,
  MemoryActionCache,
  withCompleteness,
} from './action-cache/index.js'
export {
  type Attempt,
  type BackingCache,
  type Backlog,
  CircuitBreaker,
  type CircuitBreakerOptions,
  type ClaimedJournal,
  claimJournal,
  composeCaches,
  Guard,
  type GuardOptions,
  type LetThrough,
  type OpenedRemoteCache,
  ProxyStore,
  proxyActionCache,
  type RemoteCache,
  type RemoteCacheParts,
  readOnly,
  type Tiers,
  UpstreamCache,
  type UpstreamCacheOptions,
} from './backing/index.js'
export {
  type AddedBlob,
  type AllocateChunk,
  type BlobContent,
  type BlobFileOptions,
  type ByteRange,
  blobNotFound,
  type ContentAddressableStorage,
  CorruptBlobError,
  LeasedKeeper,
  LocalStore,
  type LocalStoreOptions,
  MemoryStore,
  missingBlobs,
  type PartialUploadCounts,
  type PartialUploadLimits,
  PartialUploads,
  type PartialUploadsOptions,
  READ_CHUNK,
  type ReceivedBlob,
  type ResumableUploads,
  readChecked,
  SharedStore,
  type SharedStoreOptions,
  type StoreKeeper,
  type StoreUsage,
  type Upload,
} from './cas/index.js'
export {
  ChunkedBlobs,
  type ChunkedBlobsOptions,
  type FastCdcParameters,
} from './chunking/index.js'
export {
  type ActionExplanation,
  type CompareActionsOptions,
  type Comparison,
  compareActions,
  type DescribedAction,
  type Difference,
  type DifferenceKind,
  describeAction,
  type ExplainActionOptions,
  explainAction,
  outputsOf,
} from './compare/index.js'
export {
  BLAKE3,
  Digest,
  type DigestFunction,
  type DigestFunctionName,
  DigestFunctionSet,
  DigestingCheck,
  digestFunctionNamed,
  digestFunctions,
  digestInTurns,
  emptyDigest,
  type Hasher,
  isEmptyBlob,
  loadDigestFunction,
  MD5,
  parseDigest,
  SHA1,
  SHA256,
  SHA384,
  SHA512,
} from './digest/index.js'
export { type Budget, blocks, makeDirectories, type RenewPin, type Reservation, reservationFrom } from './disk/index.js'
export { type CompareOutputsOptions, compareOutputs, type OutputDifference } from './embed/compare-outputs.js'
export type { RunExplanation } from './embed/explain-run.js'
export {
  content,
  directory,
  file,
  type GlobInput,
  type GlobOptions,
  glob,
  type Input,
  type Inputs,
  type SingleInput,
  stored,
  storedDirectory,
  symlink,
} from './embed/inputs.js'
export { KnownFiles, type KnownFilesOptions } from './embed/known-files.js'
export { OutputFeed } from './embed/output-feed.js'
export type { Materialized, MaterializeOptions } from './embed/placed-files.js'
export { type ActionSpec, type PrepareOptions, prepareAction } from './embed/prepare-action.js'
export { type DirectoryEntry, readDirectory } from './embed/read-directory.js'
export type { OutputListener, Progress, RunOptions, StreamName } from './embed/run-options.js'
export { type DirectoryOutput, ExecutionError, type Output, RunResult, type Timings } from './embed/run-result.js'
export { type FileToStore, storeFile } from './embed/store-file.js'
export { type Prediction, type WouldHitOptions, wouldHit } from './embed/would-hit.js'
export { type ErrorCode, type ErrorDetail, GoregoError, type GoregoErrorOptions } from './errors/index.js'
export {
  type ActionRunner,
  Graph,
  type GraphAction,
  type GraphCounts,
  GraphError,
  type GraphEvent,
  type GraphInputs,
  type GraphNode,
  type GraphOptions,
  type GraphResult,
  type NodeOutcome,
  type NodeState,
  type OutputReference,
  output,
} from './graph/index.js'
export { collectHeap } from './heap/index.js'
export { LocalExecutor, type LocalExecutorOptions } from './local-executor.js'
export { type Clock, type LogFields, type Logger, silentLogger, systemClock } from './observe/index.js'
export {
  createPlatformCheck,
  type PlatformCheck,
  type PlatformCheckOptions,
  type PlatformLabels,
  type PlatformPolicy,
  type PlatformProperty,
  platformProperties,
} from './platform/index.js'
export type { UsedResources } from './proto/index.js'
// The protocol's messages, and what is needed to handle them.
export * as reapi from './proto/index.js'
export type { SandboxChoice, SandboxSetup } from './sandbox/index.js'
export {
  type ActionExecutor,
  type ActionLookup,
  type ActionRun,
  type ActiveTask,
  type Activity,
  type Answer,
  type Audience,
  type ExecuteRequest,
  type Failure,
  type FoundAction,
  type ListOptions,
  type Lookup,
  type OperationListener,
  type OperationPage,
  type OperationState,
  type Outcome,
  type PrintedListener,
  type PrintedPiece,
  type Scheduler,
  type SpareRun,
  SpareTime,
  type Stage,
  TaskScheduler,
  type TaskSchedulerOptions,
} from './scheduler/index.js'
export {
  type Collected,
  type CollectOptions,
  type CollectStage,
  collectGarbage,
  type EmptyStoreOptions,
  emptyStore,
  type StoreStatistics,
  storeStatistics,
  unusedStoreAt,
  type VerifiedBlob,
  type VerifyOptions,
  verifyStore,
} from './upkeep/index.js'
export {
  type ActionLookupOptions,
  type ActionPinsOptions,
  type ActionPolicy,
  createActionLookup,
  type Isolation,
  LocalWorker,
  type LocalWorkerOptions,
  nativeLauncher,
  type OpenIsolationOptions,
  type OpenSandboxOptions,
  openIsolation,
  openSandbox,
  pinActions,
  type RunAs,
  type RunReport,
  SUPPORTED_NODE_PROPERTIES,
} from './worker/index.js'
