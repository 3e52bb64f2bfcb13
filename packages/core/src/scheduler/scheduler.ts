import type { ExecuteRequest, OperationState } from './operation.js'
import type { OperationListener } from './operation-record.js'

/** At once, where the scheduler is in this process, or when another one has answered. */
export type Answer<T> = T | Promise<T>

/** Which page of the operations. */
export interface ListOptions {
  readonly pageSize?: number
  /** From the page before. */
  readonly pageToken?: string
  /** Only those that are completed, or only those that are not. Default: both. */
  readonly done?: boolean
  /** Only those of this instance. Default: of all. */
  readonly instance?: string
  /** A page ends early once its results have as many bytes. */
  readonly maxResultBytes?: number
}

/** Some of the operations, and how to get at the next ones. */
export interface OperationPage {
  readonly operations: readonly OperationState[]
  /** Absent on the last page. */
  readonly nextPageToken?: string
}

/**
 * What can be asked of whoever keeps the operations, wherever that is: plain data goes in and comes out. Each method throws
 * or rejects with `not-found` for a name that never was, was deleted, or has expired (WX-02).
 */
export interface Scheduler {
  /**
   * Starts an action and tells the listener the operation's state now, and each later one up to the completed one, until the
   * subscription is disposed of. Refuses with `resource-exhausted` when the queue is full, with `unavailable` while it closes.
   */
  start(request: ExecuteRequest, listener: OperationListener): Promise<Disposable>

  /** Tells the listener the state now, and each later one up to the completed one. */
  subscribe(name: string, listener: OperationListener): Answer<Disposable>

  /** Who asks again and again is waiting, too: that keeps an operation from being abandoned (EX-19). */
  get(name: string): Answer<OperationState>

  /** In order of creation. */
  list(options?: ListOptions): Answer<OperationPage>

  /** Ends an operation as `cancelled`; its action goes on if other operations want it. Completed ones stay as they are. */
  cancel(name: string, reason?: string): Answer<void>

  /** Forgets an operation without cancelling it (OP-02). */
  delete(name: string): Answer<void>
}
