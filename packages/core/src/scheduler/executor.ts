import type { Digest } from '../digest/index.js'
import type { Audience } from './audience.js'
import type { ExecuteRequest, Outcome } from './operation.js'

/** An action on its way to a worker. */
export interface ActionRun {
  readonly instance: string
  readonly action: Digest
  /** What the Action says of its input root, where that is known: a worker may have one like it. */
  readonly inputRoot?: Digest
  /** Neither cached nor merged with others (EX-16). */
  readonly doNotCache: boolean
  /** How long the command may take, in milliseconds; the limits have been applied. */
  readonly timeoutMs: number
  /** Whether it asks for the network, which a sandbox does not give it by itself. */
  readonly network?: boolean
  /** Milliseconds since 1970. */
  readonly queuedAt: number
  /** Who wants to hear what the command prints. An executor that cannot tell leaves it alone: the result says it all. */
  readonly audience?: Audience
  /**
   * Is called once, when the action needs its slot no longer and only its result has to be put away: another one may be executed. An executor that
   * cannot tell leaves it alone: at the latest its slot is free when the outcome is there.
   */
  readonly onFreed?: () => void
}

/** Runs actions: slots on this machine, or workers elsewhere. */
export interface ActionExecutor {
  /** How many actions it runs at once. */
  readonly slots: number
  /** Never rejects for what an action or client did: that is an outcome. An abort ends the command and yields `cancelled`. */
  execute(run: ActionRun, signal: AbortSignal): Promise<Outcome>
}

/** What CACHE_CHECK finds: the answer, or what has to run. */
export type Lookup = { readonly outcome: Outcome } | { readonly run: FoundAction }

/** What is known of an action before it queues. */
export type FoundAction = Omit<ActionRun, 'queuedAt' | 'audience' | 'onFreed'>

/** Looks for a result before an action queues, and reads what scheduling needs to know of it. */
export type ActionLookup = (request: ExecuteRequest, signal: AbortSignal) => Promise<Lookup>
