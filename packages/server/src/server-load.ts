import type { OperationState, StoreUsage } from '@gorego/core'

/** How much a server has under way, has done since it began, and keeps. Plain data. */
export interface ServerLoad {
  readonly running: number
  readonly queued: number
  /** Executions that ended, however. */
  readonly completed: number
  /** Those of them that the action cache answered, and those that came to no result. */
  readonly cached: number
  readonly failed: number
  readonly blobs: number
  /** Disk space that all of it takes, and may take. */
  readonly bytes: number
  readonly maxBytes: number
}

/** Counts executions as they end. */
export class ExecutionCounts {
  #completed = 0
  #cached = 0
  #failed = 0

  note({ outcome }: OperationState): void {
    this.#completed++
    if (outcome?.cached) this.#cached++
    if (outcome?.failure !== undefined) this.#failed++
  }

  /** With what the scheduler has under way, and what the store keeps. */
  loadOf(
    { running, queued }: { readonly running: number; readonly queued: number },
    { blobs, bytes, maxBytes }: StoreUsage,
  ): ServerLoad {
    const counts = { completed: this.#completed, cached: this.#cached, failed: this.#failed }
    return { running, queued, ...counts, blobs, bytes, maxBytes }
  }
}
