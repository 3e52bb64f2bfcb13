export { killProcessesIn, killSession } from './kill-session.js'
export {
  type CopyInputs,
  type FromRunner,
  fromPlainDigest,
  type Job,
  type JobReply,
  type PlainDigest,
  type RunnerSetup,
  type StoredBlob,
  type ToRunner,
  toPlainDigest,
} from './protocol.js'
