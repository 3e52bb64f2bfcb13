import type { OperationState } from './operation.js'
import type { Task } from './operation-record.js'

/** An action that runs or waits. */
export interface ActiveTask {
  /** One of the operations that wait for it. */
  readonly operation: OperationState
  /** How many there are. */
  readonly operations: number
  readonly priority: number
}

/** What goes on in a scheduler at one moment; each list is bounded. */
export interface Activity {
  readonly running: readonly ActiveTask[]
  readonly queued: readonly ActiveTask[]
}

/** The first of them that anybody waits for. */
export function first(tasks: Iterable<Task>, most: number): ActiveTask[] {
  const active: ActiveTask[] = []
  for (const { operations } of tasks) {
    if (active.length >= most) break
    const [record] = operations
    if (record === undefined) continue
    active.push({
      operation: record.state,
      operations: operations.size,
      priority: record.request?.priority ?? 0,
    })
  }
  return active
}
