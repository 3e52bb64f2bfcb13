import { Digest, type DigestFunctionName, digestFunctionNamed } from '../digest/index.js'
import { type ErrorCode, type ErrorDetail, GoregoError } from '../errors/index.js'
import type { UsedResources } from '../proto/resource-usage.js'
import type { SandboxSetup } from '../sandbox/index.js'
import type { ActionPolicy } from './action-policy.js'
import type { ActionUser } from './action-user.js'
import type { StreamName } from './printed-files.js'
import type { StoredFiles } from './stored-files.js'

/** What goes over the channel between the main process and a runner. Plain data, cloned on the way. */
export interface PlainDigest {
  readonly fn: DigestFunctionName
  readonly hash: string
  readonly sizeBytes: number
}

/** The first message to a runner. */
export interface RunnerSetup {
  readonly kind: 'setup'
  /** Where the LocalStore's files are. */
  readonly storeRoot: string
  /** A directory of the runner's own on the store's file system, for files on their way into the store. */
  readonly temporary: string
  /** A directory of the runner's own, for input roots. */
  readonly directory: string
  /** How the worker calls itself in ExecutedActionMetadata. */
  readonly workerName: string
  readonly policy: ActionPolicy
  /** The native launcher's program; commands are started by Node where there is none. */
  readonly launcher: string | undefined
  /** What commands run in, for which they need the native launcher. */
  readonly sandbox: SandboxSetup | undefined
  /** Who runs commands; undefined for whoever runs the runner. */
  readonly user: ActionUser | undefined
}

export interface Job {
  readonly kind: 'job'
  readonly id: number
  readonly action: PlainDigest
  /** How long the command may run, in milliseconds. */
  readonly timeoutMs: number
  /** Whether the command is to reach the network from its sandbox. */
  readonly network: boolean
  /** Milliseconds since 1970. */
  readonly queuedAt: number
}

/** Inputs that an action has written to: from now on they are copied for actions, never linked. Keys of digests. */
export interface CopyInputs {
  readonly kind: 'copy'
  readonly keys: readonly string[]
}

/** Ends the command of a job, if it still runs. */
export interface CancelJob {
  readonly kind: 'cancel'
  readonly id: number
}

/** Somebody wants to hear what the command of a job prints, from the beginning. */
export interface ListenToJob {
  readonly kind: 'listen'
  readonly id: number
}

/** What was printed has been taken: the next piece may come. */
export interface PrintedTaken {
  readonly kind: 'taken'
  readonly id: number
}

export type ToRunner = RunnerSetup | CopyInputs | Job | CancelJob | ListenToJob | PrintedTaken

export interface PlainFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly details: readonly ErrorDetail[]
}

/** What was put into an input root that was not there from the action before, in bytes. */
export interface StagedBytes {
  readonly linked: number
  readonly copied: number
}

/** The command ran. With a `failure` it did not finish, and `result` is what there was. */
export interface RanReply {
  readonly kind: 'ran'
  /** A serialized ActionResult. */
  readonly result: Uint8Array
  readonly exitCode: number
  readonly staged: StagedBytes
  /** For a person; empty where there is nothing to say (ER-05). */
  readonly message: string
  readonly resources?: UsedResources
  readonly failure?: PlainFailure
  /** Where there is a failure: what was done, as text in the store. */
  readonly log?: PlainDigest
}

export type JobReply =
  | RanReply
  /** Inputs that the store does not have: all of them. */
  | { readonly kind: 'missing'; readonly digests: readonly PlainDigest[] }
  /** Stored blobs that were written to through a link while the command ran: its result is not to be trusted. */
  | { readonly kind: 'altered'; readonly digests: readonly PlainDigest[] }
  /** Nothing was run. */
  | { readonly kind: 'failed'; readonly failure: PlainFailure; readonly log?: PlainDigest }

/** A piece of what a command has printed so far. */
export interface Printed {
  readonly stream: StreamName
  /** Of its first byte in the stream. */
  readonly offset: number
  readonly bytes: Uint8Array
}

export type FromRunner =
  /** The command runs in the process group of this number, and must be ended should the runner die: the native launcher does that itself. */
  | { readonly kind: 'started'; readonly id: number; readonly processGroup: number }
  | { readonly kind: 'printed'; readonly id: number; readonly piece: Printed }
  | { readonly kind: 'reply'; readonly id: number; readonly reply: JobReply; readonly stored: readonly StoredFiles[] }
  /** Cleaned up after the job; ready for the next. */
  | { readonly kind: 'idle'; readonly id: number }

export function toPlainDigest({ fn, hash, sizeBytes }: Digest): PlainDigest {
  return { fn: fn.name, hash, sizeBytes }
}

export function fromPlainDigest({ fn: name, hash, sizeBytes }: PlainDigest): Digest {
  const fn = digestFunctionNamed(name)
  if (fn === undefined) throw new GoregoError('internal', `no digest function ${name}`)
  return Digest.of(fn, hash, sizeBytes)
}
