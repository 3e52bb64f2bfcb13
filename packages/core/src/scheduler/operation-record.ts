import type { PrintedListener, TaskAudience } from './audience.js'
import type { ActionRun } from './executor.js'
import type { FairPlace } from './fair-queue.js'
import type { ExecuteRequest, OperationState, Outcome, Stage } from './operation.js'

/** Hears of every change of an operation, in order. */
export type OperationListener = (state: OperationState) => void

/** One action that is queued or running, with every operation that waits for it (EX-18). */
export interface Task {
  readonly run: ActionRun
  /** Under which later equal requests find it; absent for what must not be merged. */
  readonly key: string | undefined
  readonly operations: Set<OperationRecord>
  readonly abort: AbortController
  readonly audience: TaskAudience
  stage: 'queued' | 'executing'
}

/** Hears how many listen to an operation whenever that changes, or somebody asks for its state. */
export type WatchOperation = (record: OperationRecord, listeners: number) => void

/** The scheduler's own, changing side of an operation. Thousands that have completed are kept: then it is little more than its state. */
export class OperationRecord {
  /** Gone when the operation has completed. */
  request: ExecuteRequest | undefined
  /** Order of creation, for paging. */
  readonly sequence: number
  /** While the action cache is looked at. */
  lookup: AbortController | undefined
  task: Task | undefined
  /** Where it waits. Merged operations each have a place of their own: the one whose turn comes first starts the action. */
  place: FairPlace<OperationRecord> | undefined
  /** Of whose share of the queue it takes a place, while it does. */
  waitsFor: string | undefined
  /** Who hears what its command prints. */
  readonly printed: PrintedListener[] = []
  #state: OperationState
  /** None any more when the operation has completed. */
  #listeners: Set<OperationListener> | undefined = new Set()
  readonly #watched: WatchOperation

  constructor(state: OperationState, request: ExecuteRequest, sequence: number, watched: WatchOperation) {
    this.#state = state
    this.request = request
    this.sequence = sequence
    this.#watched = watched
  }

  get state(): OperationState {
    return this.#state
  }

  get done(): boolean {
    return this.#state.stage === 'completed'
  }

  /** Times are milliseconds since 1970. */
  advance(stage: Stage, now: number): void {
    if (this.done || stage === this.#state.stage) return
    this.#publish(entered(this.#state, stage, now))
  }

  complete(outcome: Outcome, now: number): void {
    if (this.done) return
    this.#publish(entered(this.#state, 'completed', now, outcome))
    this.#listeners = undefined
  }

  /** Somebody has asked for it, which is a way of waiting. */
  touch(): void {
    this.#watched(this, this.#listeners?.size ?? 0)
  }

  /** Tells the state now and at each change; the last one told is the completed one. */
  subscribe(listener: OperationListener): Disposable {
    // Wrapped, so that subscribing one function twice makes two subscriptions.
    const own: OperationListener = (state) => listener(state)
    const listeners = this.#listeners
    listeners?.add(own)
    this.#watched(this, listeners?.size ?? 0)
    own(this.#state)
    return {
      [Symbol.dispose]: () => {
        if (listeners?.delete(own)) this.#watched(this, listeners.size)
      },
    }
  }

  #publish(state: OperationState): void {
    this.#state = state
    for (const listener of [...(this.#listeners ?? [])]) {
      // A listener may cancel: the others have heard of the later state then, and must not hear of this one after it.
      if (this.#state !== state) return
      if (this.#listeners?.has(listener)) listener(state)
    }
  }
}

type Changing<T> = { -readonly [K in keyof T]: T[K] }

/**
 * A state in its next stage. Property by property: an object that is spread and then has one more has a hidden class of its own in V8, which is as large as the object, and
 * thousands of operations are kept.
 */
function entered(state: OperationState, stage: Stage, now: number, outcome?: Outcome): OperationState {
  const enteredAt: Changing<OperationState['enteredAt']> = {}
  for (const past in state.enteredAt) enteredAt[past as Stage] = state.enteredAt[past as Stage] as number
  enteredAt[stage] = now
  const { name, instance, action, createdAt, labels } = state
  const next: Changing<OperationState> = { name, instance, action, stage, createdAt, enteredAt }
  if (labels !== undefined) next.labels = labels
  if (outcome !== undefined) next.outcome = outcome
  return next
}
