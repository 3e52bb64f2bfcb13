import type { StreamName } from '../embed/run-options.js'
import { GoregoError } from '../errors/index.js'
import type { ActionRunner } from './action-runner.js'
import { checkGraph } from './check-graph.js'
import { type GraphAction, type GraphNode, output } from './graph-action.js'
import type { GraphEvent, GraphResult } from './graph-outcome.js'
import { GraphRun } from './graph-run.js'

/** How a graph goes about its nodes, and who is told. */
export interface GraphOptions {
  /** How many nodes are under way at once. Default: what keeps the executor's slots busy. */
  readonly concurrency?: number
  /** After a failure, run everything that does not need what failed. Default: stop what runs, and start nothing more. */
  readonly keepGoing?: boolean
  /** Is told of every node that is somewhere else now, with the counts of all. What it throws stops the graph. */
  readonly onEvent?: (event: GraphEvent) => void
  /** Is handed what the commands of all nodes print, as `onOutput` of a node is, which is asked first. What it throws stops the graph. */
  readonly onOutput?: (chunk: Uint8Array, stream: StreamName, node: string) => unknown
}

/**
 * Actions that take what other actions make. Each runs as soon as all that it takes is there; outputs pass as digests, never through
 * files. A node whose inputs are what they were is not run again, also where the nodes before it ran and made the same as before.
 *
 *     const graph = executor.graph()
 *     const object = graph.add('compile', { argv: ['cc', '-c', 'a.c'], inputs: { 'a.c': file('a.c') }, outputs: ['a.o'] })
 *     graph.add('link', { argv: ['cc', 'a.o'], inputs: { 'a.o': object.output('a.o') }, outputs: ['a.out'] })
 *     const { nodes } = await graph.run()
 */
export class Graph {
  readonly #runner: ActionRunner
  readonly #options: GraphOptions & { readonly concurrency: number }
  readonly #actions = new Map<string, GraphAction>()

  constructor(runner: ActionRunner, options: GraphOptions & { readonly concurrency: number }) {
    const { concurrency } = options
    if (!Number.isInteger(concurrency) || concurrency < 1)
      throw new GoregoError('invalid-argument', `a graph needs a concurrency of one or more, not ${concurrency}`)
    this.#runner = runner
    this.#options = options
  }

  /** Adds a node. Its inputs may come from nodes that are added later (`output(name, path)`). Throws `already-exists` for a name that is taken. */
  add<const Path extends string = never>(name: string, action: GraphAction<Path>): GraphNode<Path> {
    if (this.#actions.has(name))
      throw new GoregoError('already-exists', `the graph has a node ${JSON.stringify(name)} already`)
    this.#actions.set(name, action)
    return { name, output: (path) => output(name, path) }
  }

  /**
   * Runs everything, as often as it is called: what has not changed comes from the cache. Throws a GraphError for the first node
   * that fails, or, with `keepGoing`, returns when all that can be done is done, with `ok` false; and `cancelled` when the signal ends it.
   * By then nothing of it runs any more. Throws `invalid-argument`, before anything runs, for a node that is not there, and for a cycle.
   */
  async run(options: { readonly signal?: AbortSignal } = {}): Promise<GraphResult> {
    const actions = new Map(this.#actions)
    checkGraph(actions)
    const { concurrency, keepGoing = false, onEvent, onOutput } = this.#options
    const { signal } = options
    return await new GraphRun({
      runner: this.#runner,
      actions,
      concurrency,
      keepGoing,
      onEvent,
      onOutput,
      signal,
    }).run()
  }
}
