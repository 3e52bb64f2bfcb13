import type { RunResult } from '../embed/run-result.js'
import type { GoregoError } from '../errors/index.js'

/**
 * Where a node is: `waiting` for what it takes from others, `queued` for a slot, `running`; then `done` if it ran, `cached` if it did
 * not have to, `failed`, `skipped` because another one failed, or `cancelled` with all the rest.
 */
export type NodeState = 'waiting' | 'queued' | 'running' | 'done' | 'cached' | 'failed' | 'skipped' | 'cancelled'

/** How many nodes are where; `total` is all of them. */
export type GraphCounts = Readonly<Record<NodeState | 'total', number>>

/** What became of a node. */
export type NodeOutcome =
  | { readonly state: 'done' | 'cached'; readonly result: RunResult }
  /** `result` is there where the command ran: its exit code, and what it printed. */
  | { readonly state: 'failed'; readonly error: GoregoError; readonly result?: RunResult }
  /** `because`: the node that failed. */
  | { readonly state: 'skipped'; readonly because: string }
  | { readonly state: 'cancelled' }

/**
 * A node is somewhere else now. One whose outputs were evicted before another node could take them is asked for again: it is `queued`
 * after it was `done` or `cached`, and ends a second time.
 */
export interface GraphEvent {
  readonly node: string
  readonly state: NodeState
  readonly counts: GraphCounts
  /** With the last event of a node. */
  readonly outcome?: NodeOutcome
}

/** What became of a graph. */
export interface GraphResult {
  /** Whether every node is `done` or `cached`. */
  readonly ok: boolean
  /** By name, in the order in which the nodes were added. */
  readonly nodes: ReadonlyMap<string, NodeOutcome>
  readonly counts: GraphCounts
}
