import { randomUUID } from 'node:crypto'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { type Clock, systemClock } from '../observe/index.js'
import { type Activity, first } from './activity.js'
import { type PrintedListener, TaskAudience } from './audience.js'
import type { ActionExecutor, ActionLookup, FoundAction, Lookup } from './executor.js'
import { FairQueue } from './fair-queue.js'
import { KeptResults } from './kept-results.js'
import type { ExecuteRequest, Failure, OperationState, Outcome } from './operation.js'
import { pageOf } from './operation-page.js'
import { type OperationListener, OperationRecord, type Task, type WatchOperation } from './operation-record.js'
import { QueueShares } from './queue-shares.js'
import { Retention } from './retention.js'
import type { ListOptions, OperationPage, Scheduler } from './scheduler.js'

/** Who executes and looks up, and the bounds of queue and memory. */
export interface TaskSchedulerOptions {
  readonly executor: ActionExecutor
  readonly lookup: ActionLookup
  /** How many actions may wait for a slot. Default 10,000. */
  readonly queueSize?: number
  /** How much of the queue one caller may take, above 0. Default 1, all of it. */
  readonly queueShare?: number
  /** How long a completed operation can still be asked for, in milliseconds. Default 10 minutes. */
  readonly retentionMs?: number
  /** How many completed operations are kept at most, the youngest. Default 10,000. */
  readonly maxRetained?: number
  /** After how long without anybody waiting for it an operation is cancelled, in milliseconds. Default 60 s (EX-19). */
  readonly abandonAfterMs?: number
  readonly clock?: Clock
  /** Is told of each operation when it ends, whoever still knows of it: for logs. Must not throw. */
  readonly onCompleted?: (operation: OperationState, request: ExecuteRequest) => void
}

/** What the results of completed operations may add up to in memory; the oldest operations go first. */
const MAX_RETAINED_BYTES = 128 * 1024 * 1024

/** How long a client that found the queue full is asked to wait. */
const RETRY_AFTER_MS = 1000

/**
 * Operations in memory, from the request to some minutes after completion, and the order in which actions run.
 *
 * Every request gets an operation of its own. Equal actions that are under way at the same time share one task, which
 * is aborted when the last of its operations is cancelled. Places in the queue are reserved before the cache is looked
 * at, so the bound holds; when all are taken, a request is still answered if its result is cached or it can be merged,
 * and only otherwise refused with `resource-exhausted` (EX-10).
 */
export class TaskScheduler implements Scheduler {
  readonly #executor: ActionExecutor
  readonly #lookup: ActionLookup
  readonly #queueSize: number
  /** Absent where one caller may take all. */
  readonly #shares: QueueShares | undefined
  readonly #abandonAfterMs: number
  readonly #clock: Clock
  readonly #onCompleted: NonNullable<TaskSchedulerOptions['onCompleted']>
  readonly #operations = new Map<string, OperationRecord>()
  readonly #abandonment = new WeakMap<OperationRecord, Disposable>()
  readonly #retention: Retention
  readonly #results = new KeptResults()
  readonly #queue = new FairQueue<OperationRecord>()
  /** Tasks that an equal request may join. */
  readonly #joinable = new Map<string, Task>()
  readonly #running = new Map<Task, Promise<void>>()
  /** Slots that are taken by those, some of which have given theirs back already. */
  #taken = 0
  /** Tasks, not the operations in the queue; in the order in which they came. */
  readonly #queuedTasks = new Set<Task>()
  readonly #checking = new Set<OperationRecord>()
  #created = 0
  #closed = false

  constructor(options: TaskSchedulerOptions) {
    this.#executor = options.executor
    this.#lookup = options.lookup
    this.#queueSize = options.queueSize ?? 10_000
    const share = options.queueShare ?? 1
    this.#shares = share < 1 ? new QueueShares(Math.floor(this.#queueSize * share)) : undefined
    this.#abandonAfterMs = options.abandonAfterMs ?? 60_000
    this.#clock = options.clock ?? systemClock
    this.#onCompleted = options.onCompleted ?? (() => {})
    this.#retention = new Retention({
      clock: this.#clock,
      forMs: options.retentionMs ?? 10 * 60_000,
      maxBytes: MAX_RETAINED_BYTES,
      atMost: options.maxRetained ?? 10_000,
      drop: (name) => this.#operations.delete(name),
    })
  }

  /** What is under way right now. */
  get load(): { readonly queued: number; readonly running: number; readonly slots: number } {
    const { slots } = this.#executor
    return { queued: this.#queued, running: Math.min(this.#running.size, slots), slots }
  }

  /** What runs, and what waits, in the order in which it came; at most so many of each, so that anybody can look at any time. */
  activity(most = 50): Activity {
    return { running: first(this.#running.keys(), most), queued: first(this.#queuedTasks, most) }
  }

  /** Every action that is accepted and has not ended, once or more: first those that run, last those that wait, in the order in which they came. */
  *underWay(): Generator<Digest> {
    for (const { run } of this.#running.keys()) yield run.action
    for (const { state } of this.#checking) yield state.action
    for (const { run } of this.#queuedTasks) yield run.action
  }

  /** Starts an action, or refuses it: `resource-exhausted` when the queue is full, or the caller's share of it, `unavailable` after `close`. */
  async execute(request: ExecuteRequest): Promise<OperationState> {
    if (this.#closed) throw shuttingDown()
    if (this.#hasPlace(request)) {
      const operation = this.#create(request)
      void this.#check(operation, request)
      return operation.state
    }
    const found = await this.#find(request, new AbortController().signal)
    if (this.#closed) throw shuttingDown()
    if ('run' in found && !this.#hasPlaceFor(found.run, request)) throw this.#queueFull(request)
    const operation = this.#create(request)
    this.#proceed(operation, found)
    return operation.state
  }

  async start(request: ExecuteRequest, listener: OperationListener): Promise<Disposable> {
    const { name } = await this.execute(request)
    return this.subscribe(name, listener)
  }

  get(name: string): OperationState {
    const record = this.#record(name)
    record.touch()
    return record.state
  }

  list(options: ListOptions = {}): OperationPage {
    return pageOf(this.#operations.values(), options)
  }

  subscribe(name: string, listener: OperationListener): Disposable {
    return this.#record(name).subscribe(listener)
  }

  /** Tells what the operation's command prints while it runs, as far as the executor can. The result has all of it. */
  listen(name: string, listener: PrintedListener): void {
    const record = this.#record(name)
    if (record.done) return
    record.printed.push(listener)
    record.task?.audience.add([listener])
  }

  cancel(name: string, reason = 'the operation was cancelled'): void {
    this.#end(this.#record(name), { code: 'cancelled', message: reason, details: [] })
  }

  delete(name: string): void {
    this.#record(name)
    this.#operations.delete(name)
    this.#retention.forget(name)
  }

  /**
   * Takes nothing new, ends what waits as `unavailable` (clients try again elsewhere or later), and gives what runs
   * `drainMs` to finish before it is aborted. Resolves when nothing runs any more and every operation has ended.
   */
  async close(drainMs = 0): Promise<void> {
    this.#closed = true
    const { code, message, details } = shuttingDown()
    const ending: Failure = { code, message, details }
    for (let record = this.#queue.shift(); record !== undefined; record = this.#queue.shift()) this.#end(record, ending)
    const bound = this.#clock.after(drainMs, () => {
      for (const task of this.#running.keys()) for (const record of [...task.operations]) this.#end(record, ending)
    })
    while (this.#running.size > 0) await Promise.all(this.#running.values())
    bound[Symbol.dispose]()
    // What is left looks into a cache that may not answer for a long time.
    for (const record of this.#operations.values()) this.#end(record, ending)
    this.#retention[Symbol.dispose]()
  }

  #create(request: ExecuteRequest): OperationRecord {
    const { instance, action, labels } = request
    const name = flat(randomUUID())
    const createdAt = this.#clock.now()
    const stage = 'cache-check'
    const said = labels === undefined ? {} : { labels }
    const enteredAt = { [stage]: createdAt }
    const state: OperationState = { name, instance, action, stage, createdAt, enteredAt, ...said }
    const record = new OperationRecord(state, request, this.#created++, this.#watched)
    this.#operations.set(name, record)
    this.#shares?.enter(record)
    this.#watched(record, 0)
    return record
  }

  async #check(record: OperationRecord, request: ExecuteRequest): Promise<void> {
    this.#checking.add(record)
    record.lookup = new AbortController()
    const found = await this.#find(request, record.lookup.signal)
    record.lookup = undefined
    this.#checking.delete(record)
    if (!record.done) this.#proceed(record, found)
  }

  async #find(request: ExecuteRequest, signal: AbortSignal): Promise<Lookup> {
    try {
      return await this.#lookup(request, signal)
    } catch (error) {
      return { outcome: failed(error) }
    }
  }

  #proceed(record: OperationRecord, found: Lookup): void {
    if ('outcome' in found) this.#complete(record, found.outcome)
    else if (this.#closed) this.#complete(record, failed(shuttingDown()))
    else this.#join(record, found.run)
  }

  #join(record: OperationRecord, run: FoundAction): void {
    const key = keyOf(run)
    let task = key === undefined ? undefined : this.#joinable.get(key)
    if (task === undefined) {
      const audience = new TaskAudience()
      task = {
        run: { queuedAt: this.#clock.now(), audience, ...run },
        key,
        operations: new Set(),
        abort: new AbortController(),
        audience,
        stage: 'queued',
      }
      this.#queuedTasks.add(task)
      if (key !== undefined) this.#joinable.set(key, task)
    }
    record.task = task
    task.operations.add(record)
    task.audience.add(record.printed)
    const { priority = 0, client = '' } = record.request ?? {}
    if (task.stage === 'queued') record.place = this.#queue.push(record, priority, client)
    else this.#leaveQueue(record)
    record.advance(task.stage, this.#clock.now())
    this.#dispatch()
  }

  #dispatch(): void {
    while (this.#taken < this.#executor.slots) {
      const task = this.#queue.shift()?.task
      if (task === undefined) return
      task.stage = 'executing'
      this.#queuedTasks.delete(task)
      for (const record of task.operations) this.#leaveQueue(record)
      for (const record of task.operations) record.advance('executing', this.#clock.now())
      this.#running.set(task, this.#run(task))
    }
  }

  #leaveQueue(record: OperationRecord): void {
    if (record.place !== undefined) this.#queue.remove(record.place)
    record.place = undefined
    this.#shares?.leave(record)
  }

  async #run(task: Task): Promise<void> {
    const slot = this.#takeSlot()
    const run = { onFreed: slot.giveBack, ...task.run }
    const outcome = await this.#executor.execute(run, task.abort.signal).catch(failed)
    this.#running.delete(task)
    this.#unjoin(task)
    for (const record of [...task.operations]) this.#complete(record, outcome)
    slot.giveBack()
  }

  /** `giveBack`: the next action may have it. Does nothing the second time. */
  #takeSlot(): { readonly giveBack: () => void } {
    this.#taken++
    let isTaken = true
    const giveBack = () => {
      if (!isTaken) return
      isTaken = false
      this.#taken--
      this.#dispatch()
    }
    return { giveBack }
  }

  #end(record: OperationRecord, failure: Failure): void {
    if (record.done) return
    record.lookup?.abort()
    const task = record.task
    this.#complete(record, { failure, cached: false })
    if (task === undefined || task.operations.size > 0) return
    // Nobody wants it any more. A new equal request must not join what is being torn down.
    this.#unjoin(task)
    if (task.stage === 'queued') this.#queuedTasks.delete(task)
    else task.abort.abort()
  }

  #complete(record: OperationRecord, outcome: Outcome): void {
    this.#leaveQueue(record)
    record.task?.operations.delete(record)
    record.task?.audience.remove(record.printed)
    record.task = undefined
    this.#abandonment.get(record)?.[Symbol.dispose]()
    this.#abandonment.delete(record)
    if (record.done) return
    record.complete(this.#results.keep(outcome), this.#clock.now())
    if (record.request !== undefined) this.#onCompleted(record.state, record.request)
    record.request = undefined
    if (this.#operations.has(record.state.name)) this.#retention.add(record.state.name, outcome.result?.length ?? 0)
  }

  #unjoin(task: Task): void {
    if (task.key !== undefined && this.#joinable.get(task.key) === task) this.#joinable.delete(task.key)
  }

  /** EX-19: clients vanish without a word; what nobody waits for is cancelled after a grace. */
  readonly #watched: WatchOperation = (record, listeners) => {
    this.#abandonment.get(record)?.[Symbol.dispose]()
    if (listeners > 0 || record.done) return
    const abandoned = () =>
      this.#end(record, {
        code: 'cancelled',
        message: `nobody has waited for this operation for ${this.#abandonAfterMs / 1000} s`,
        details: [],
      })
    this.#abandonment.set(record, this.#clock.after(this.#abandonAfterMs, abandoned))
  }

  #hasPlaceFor(run: FoundAction, request: ExecuteRequest): boolean {
    const key = keyOf(run)
    if (key !== undefined && this.#joinable.has(key)) return true
    return this.#hasPlace(request)
  }

  /** Free slots count, too: what they take will not wait. */
  #hasPlace(request: ExecuteRequest): boolean {
    return this.#queued + this.#checking.size < this.#queueSize + this.#freeSlots && this.#isInShare(request)
  }

  #isInShare({ caller = '' }: ExecuteRequest): boolean {
    return this.#shares === undefined || this.#shares.hasPlace(caller, this.#freeSlots)
  }

  get #queued(): number {
    return this.#queuedTasks.size
  }

  get #freeSlots(): number {
    return Math.max(0, this.#executor.slots - this.#taken)
  }

  #queueFull(request: ExecuteRequest): GoregoError {
    return new GoregoError(
      'resource-exhausted',
      this.#isInShare(request)
        ? `${this.#queued} actions wait for a slot already, as many as execution.queue_size allows; try again later`
        : `${this.#shares?.waiting(request.caller ?? '')} actions of this client wait for a slot already, as many as limits.queue_share of execution.queue_size allows; try again later`,
      { details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_MS }] },
    )
  }

  #record(name: string): OperationRecord {
    const record = this.#operations.get(name)
    if (record === undefined) {
      throw new GoregoError(
        'not-found',
        `there is no operation ${JSON.stringify(name.slice(0, 100))}: it never was, was deleted, or completed too long ago`,
      )
    }
    return record
  }
}

/** EX-18: only equal actions of one instance are merged, and never those that say do_not_cache (EX-16). */
function keyOf(run: FoundAction): string | undefined {
  return run.doNotCache ? undefined : `${run.action.key}:${run.instance}`
}

function failed(thrown: unknown): Outcome {
  const { code, message, details } = GoregoError.from(thrown)
  return { failure: { code, message, details }, cached: false }
}

function shuttingDown(): GoregoError {
  return new GoregoError('unavailable', 'the server is shutting down', {
    details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_MS }],
  })
}

/** Node puts a UUID together from fifteen pieces, which V8 would keep: 500 bytes instead of 50. */
function flat(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('latin1')
}
