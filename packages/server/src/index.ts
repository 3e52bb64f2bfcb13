export { type RunningServer, startServer } from './compose.js'
export {
  type Config,
  ConfigError,
  type ConfigFlag,
  type ConfigProblem,
  isReachableFromOutside,
  type ListenAddress,
  type LoadConfigOptions,
  type LoadedConfig,
  type LogLevel,
  loadConfig,
  nearest,
  parseListenAddress,
  type Surroundings,
  userCacheDirectory,
} from './config/index.js'
export type { DeterminismFinding, DeterminismReport } from './determinism/determinism-report.js'
export { tuneHeapForServing } from './heap/serving-heap.js'
export type { Explanation } from './history/explain.js'
export { createLogger, type LoggerOptions, type LogSink } from './log/index.js'
export type { ServerLoad } from './server-load.js'
export type { CompressionName } from './upstream/agree-on-compression.js'
export type { ChannelTls } from './upstream/channel-identity.js'
export { ConnectError, type ConnectProblem } from './upstream/connect-error.js'
export type { ExecuteOptions } from './upstream/execute.js'
export type { ExplainSubject } from './upstream/explain.js'
export { type IdentityFiles, type IdentityNames, readIdentity } from './upstream/identity-files.js'
export type { RemoteActionCache } from './upstream/remote-action-cache.js'
export { type RemoteCacheOptions, remoteCache } from './upstream/remote-cache.js'
export { RemoteExecutor, type RemoteExecutorOptions } from './upstream/remote-executor.js'
export type { OperationOrigin, RemoteOperation } from './upstream/remote-operation.js'
export type { ListOptions, RemoteOperations } from './upstream/remote-operations.js'
export { RemoteServer } from './upstream/remote-server.js'
export type { RemoteServerOptions } from './upstream/remote-server-options.js'
export type { RemoteStore } from './upstream/remote-store.js'
