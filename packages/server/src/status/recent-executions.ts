import type { OperationState } from '@gorego/core'
import { exitCodeOf } from '../services/execution-phases.js'

/** An operation that has ended, in a line. */
export interface EndedExecution {
  readonly name: string
  /** When, in milliseconds since 1970. */
  readonly endedAt: number
  /** From the request to the end, in milliseconds. */
  readonly tookMs: number
  readonly cached: boolean
  /** `ok`, `exit 3`, or why it did not finish: `deadline-exceeded: …`. */
  readonly outcome: string
  /** Whether somebody should look at it; not so what was cancelled. */
  readonly failed: boolean
  readonly operation: OperationState
}

/** How many there were since the start. */
export interface ExecutionCounts {
  readonly total: number
  /** Answered by the action cache. */
  readonly cached: number
  /** For somebody to look at: what exited with another code than 0, and what did not finish, unless it was cancelled. */
  readonly failed: number
  /** Did not finish, or were cancelled. */
  readonly withoutResult: number
}

const MOST_RECENT = 40
const MOST_FAILURES = 20

/** What there was lately, the youngest first, and how much there was since the start. */
export class RecentExecutions {
  readonly #recent: EndedExecution[] = []
  readonly #failures: EndedExecution[] = []
  #total = 0
  #cached = 0
  #failed = 0
  #withoutResult = 0

  get recent(): readonly EndedExecution[] {
    return this.#recent
  }

  get failures(): readonly EndedExecution[] {
    return this.#failures
  }

  get counts(): ExecutionCounts {
    return { total: this.#total, cached: this.#cached, failed: this.#failed, withoutResult: this.#withoutResult }
  }

  note(operation: OperationState): void {
    const ended = endedExecution(operation)
    this.#total++
    if (ended.cached) this.#cached++
    if (operation.outcome?.failure !== undefined) this.#withoutResult++
    put(this.#recent, ended, MOST_RECENT)
    if (!ended.failed) return
    this.#failed++
    put(this.#failures, ended, MOST_FAILURES)
  }
}

function put(list: EndedExecution[], ended: EndedExecution, most: number): void {
  list.unshift(ended)
  if (list.length > most) list.pop()
}

function endedExecution(operation: OperationState): EndedExecution {
  const { name, createdAt, enteredAt, outcome } = operation
  const { failure, result, cached = false } = outcome ?? {}
  const endedAt = enteredAt.completed ?? createdAt
  const exitCode = result === undefined ? 0 : exitCodeOf(result)
  const common = { name, endedAt, tookMs: endedAt - createdAt, cached, operation }
  if (failure !== undefined) {
    const outcome = `${failure.code}: ${failure.message.slice(0, 300)}`
    return { outcome, failed: failure.code !== 'cancelled', ...common }
  }
  return { outcome: exitCode === 0 ? 'ok' : `exit ${exitCode}`, failed: exitCode !== 0, ...common }
}
