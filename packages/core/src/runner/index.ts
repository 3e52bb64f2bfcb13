export { type ActionPolicy, DEFAULT_POLICY } from './action-policy.js'
export type { ActionUser } from './action-user.js'
export { killProcessesIn, killProcessesOf, killSession } from './launch/kill-session.js'
export { trySandbox } from './launch/try-sandbox.js'
export { tryUser } from './launch/try-user.js'
export { SUPPORTED_NODE_PROPERTIES } from './node-properties.js'
export {
  type CopyInputs,
  type FromRunner,
  fromPlainDigest,
  type Job,
  type JobReply,
  type PlainDigest,
  type RanReply,
  type RunnerSetup,
  type StagedBytes,
  type ToRunner,
  toPlainDigest,
} from './protocol.js'
export { fromStoredFiles, type StoredBlob, type StoredFiles } from './stored-files.js'
