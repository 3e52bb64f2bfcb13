import type { Digest } from '../digest/index.js'
import type { ErrorCode, ErrorDetail } from '../errors/index.js'
import type { UsedResources } from '../proto/index.js'

/** REAPI's ExecutionStage: an operation goes down this list. */
export type Stage = 'cache-check' | 'queued' | 'executing' | 'completed'

/** Why an execution did not finish. A command that ran and exited non-zero did finish (ER-01). */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly details: readonly ErrorDetail[]
}

/** What became of an action. At least one of `result` and `failure` is there; both after a time-out (ER-03). */
export interface Outcome {
  /** A serialized ActionResult. */
  readonly result?: Uint8Array
  readonly failure?: Failure
  /** True where the action cache had the answer (ER-04). */
  readonly cached: boolean
  /** Something for a person to read (ER-05). */
  readonly message?: string
  /** What the command used, where it ran now and the system tells. */
  readonly resources?: UsedResources
  /** Of a failure: texts in the store that say more about it, by what a person would call them (ER-05). */
  readonly logs?: Readonly<Record<string, Digest>>
}

/** What a client asked for. */
export interface ExecuteRequest {
  /** Empty for the default instance. */
  readonly instance: string
  readonly action: Digest
  /** Run it even if a result is cached (EX-15). */
  readonly skipCacheLookup?: boolean
  /** Lower runs first; 0 where absent (EX-23). */
  readonly priority?: number
  /** Inside one priority, clients take turns (an invocation of a build, say). Those that say nothing are one. */
  readonly client?: string
  /** Whose share of the queue it takes a place of. Unlike `client`, not what the client says of itself. */
  readonly caller?: string
  /** Who asks and for what, as the client says: for people and logs. */
  readonly labels?: Readonly<Record<string, string>>
}

/** An operation at one moment. Plain data; a later state is another object. */
export interface OperationState {
  /** A UUID. */
  readonly name: string
  readonly instance: string
  readonly action: Digest
  readonly stage: Stage
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** When it came to each stage, in milliseconds since 1970; stages that it left out or has not come to are absent. */
  readonly enteredAt: Readonly<Partial<Record<Stage, number>>>
  /** What the request said of itself, if anything: for those who look at operations. */
  readonly labels?: Readonly<Record<string, string>>
  /** Set exactly when the stage is `completed` (EX-03). */
  readonly outcome?: Outcome
}
