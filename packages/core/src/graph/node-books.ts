import { type GraphAction, type GraphActions, referencesOf } from './graph-action.js'
import type { GraphCounts, GraphEvent, GraphResult, NodeOutcome, NodeState } from './graph-outcome.js'

/** Which node is where, which waits for which, and who is told of it. */
export class NodeBooks {
  readonly #actions: GraphActions
  readonly #onEvent: ((event: GraphEvent) => void) | undefined
  readonly #states = new Map<string, NodeState>()
  readonly #outcomes = new Map<string, NodeOutcome>()
  /** Of each node, those that it still waits for. */
  readonly #missing = new Map<string, Set<string>>()
  readonly #dependents = new Map<string, string[]>()
  /** Those that are asked for again. Until they have ended they are what they were. */
  readonly #again = new Set<string>()
  readonly #counts: Record<NodeState | 'total', number>

  constructor(actions: GraphActions, onEvent: ((event: GraphEvent) => void) | undefined) {
    this.#actions = actions
    this.#onEvent = onEvent
    this.#counts = {
      total: actions.size,
      waiting: actions.size,
      queued: 0,
      running: 0,
      done: 0,
      cached: 0,
      failed: 0,
      skipped: 0,
      cancelled: 0,
    }
    for (const [name, action] of actions) {
      const missing = new Set([...referencesOf(action)].map(([, { node }]) => node))
      this.#states.set(name, 'waiting')
      this.#missing.set(name, missing)
      for (const node of missing) {
        const dependents = this.#dependents.get(node)
        if (dependents === undefined) this.#dependents.set(node, [name])
        else dependents.push(name)
      }
    }
  }

  /** Nodes that wait for nothing. */
  get ready(): string[] {
    return [...this.#missing].filter(([, missing]) => missing.size === 0).map(([name]) => name)
  }

  get counts(): GraphCounts {
    return { ...this.#counts }
  }

  /** In the order in which the nodes were added. */
  get result(): GraphResult {
    const nodes = new Map<string, NodeOutcome>()
    for (const name of this.#actions.keys()) nodes.set(name, this.outcome(name) ?? { state: 'cancelled' })
    return { ok: this.#counts.done + this.#counts.cached === this.#counts.total, nodes, counts: this.counts }
  }

  action(name: string): GraphAction | undefined {
    return this.#actions.get(name)
  }

  outcome(name: string): NodeOutcome | undefined {
    return this.#outcomes.get(name)
  }

  move(node: string, state: NodeState, outcome?: NodeOutcome): void {
    const before = this.#states.get(node)
    if (before === undefined || before === state) return
    this.#counts[before]--
    this.#counts[state]++
    this.#states.set(node, state)
    this.#onEvent?.({ node, state, counts: this.counts, ...(outcome === undefined ? {} : { outcome }) })
  }

  end(node: string, outcome: NodeOutcome): void {
    this.#outcomes.set(node, outcome)
    this.#again.delete(node)
    this.move(node, outcome.state, outcome)
  }

  /** What can run now that a node has its outputs. */
  releasedBy(node: string): string[] {
    return (this.#dependents.get(node) ?? []).filter((name) => {
      const missing = this.#missing.get(name)
      return missing?.delete(node) === true && missing.size === 0
    })
  }

  /** The node waits once more for others that had ended. Returns those of them that are to be asked for again and are not yet. */
  waitAgain(node: string, others: ReadonlySet<string>): string[] {
    for (const other of others) this.#missing.get(node)?.add(other)
    this.move(node, 'waiting')
    const asked = [...others].filter((other) => !this.#again.has(other))
    for (const other of asked) this.#again.add(other)
    return asked
  }

  /** Everything that waits for a node that failed, at any distance. */
  skipAfter(failed: string): void {
    const ended = [failed]
    for (let node = ended.pop(); node !== undefined; node = ended.pop()) {
      for (const name of this.#dependents.get(node) ?? []) {
        if (this.#states.get(name) !== 'waiting' || !this.#missing.get(name)?.has(node)) continue
        this.end(name, { state: 'skipped', because: failed })
        ended.push(name)
      }
    }
  }

  /** Nodes that nothing became of, this time. */
  endOthers(outcome: NodeOutcome): void {
    for (const name of this.#actions.keys())
      if (!this.#outcomes.has(name) || this.#again.has(name)) this.end(name, outcome)
  }
}
