export { type RunningServer, startServer } from './compose.js'
export * from './config/index.js'
export * from './log/index.js'
export { RemoteExecutor, type RemoteExecutorOptions } from './upstream/remote-executor.js'
