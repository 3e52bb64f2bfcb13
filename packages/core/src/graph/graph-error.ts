import { GoregoError } from '../errors/index.js'
import type { GraphResult } from './graph-outcome.js'

/** A graph did not come to its end. Its code and message are those of the node that failed first. */
export class GraphError extends GoregoError {
  override readonly name = 'GraphError'
  /** The node that failed; undefined where the caller stopped the graph. */
  readonly node: string | undefined
  /** What became of every node. */
  readonly result: GraphResult

  constructor(cause: GoregoError, node: string | undefined, result: GraphResult) {
    super(cause.code, cause.message, { cause, details: cause.details })
    this.node = node
    this.result = result
  }
}
