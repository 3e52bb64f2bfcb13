import { setMaxListeners } from 'node:events'
import type { Input } from '../embed/inputs.js'
import { ExecutionError, type RunResult } from '../embed/run-result.js'
import { GoregoError } from '../errors/index.js'
import type { ActionRunner } from './action-runner.js'
import type { GraphOptions } from './graph.js'
import { type GraphAction, type GraphActions, referencesOf } from './graph-action.js'
import { GraphError } from './graph-error.js'
import type { GraphEvent, GraphResult } from './graph-outcome.js'
import { lostOutputs, type Taken } from './lost-outputs.js'
import { NodeBooks } from './node-books.js'
import { outputInput } from './output-input.js'

export interface GraphRunOptions {
  readonly runner: ActionRunner
  /** Checked already. */
  readonly actions: GraphActions
  /** Nodes under way at once. */
  readonly concurrency: number
  readonly keepGoing: boolean
  readonly onEvent: GraphOptions['onEvent']
  readonly onOutput: GraphOptions['onOutput']
  readonly signal: AbortSignal | undefined
}

/** One pass over a graph. */
export class GraphRun {
  readonly #options: GraphRunOptions
  readonly #books: NodeBooks
  readonly #ready: string[]
  readonly #abort = new AbortController()
  /** How often each node waited for something to be made again. */
  readonly #recoveries = new Map<string, number>()
  #next = 0
  #underWay = 0
  #first: { readonly node: string | undefined; readonly error: GoregoError } | undefined
  /** What the caller's own function threw. */
  #thrown: { readonly error: unknown } | undefined
  #finish = () => {}

  constructor(options: GraphRunOptions) {
    this.#options = options
    this.#books = new NodeBooks(options.actions, (event) => this.#tell(event))
    this.#ready = this.#books.ready
    // Every node under way listens.
    setMaxListeners(0, this.#abort.signal)
  }

  /** Resolves, or throws, when nothing of the graph is under way any more. */
  async run(): Promise<GraphResult> {
    const { signal } = this.#options
    const cancel = () => this.#cancel(signal?.reason)
    if (signal?.aborted) cancel()
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      await new Promise<void>((resolve) => {
        this.#finish = resolve
        for (const name of this.#ready) this.#books.move(name, 'queued')
        this.#startMore()
      })
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
    const node = this.#first?.node
    if (this.#abort.signal.aborted)
      this.#books.endOthers(node === undefined ? { state: 'cancelled' } : { state: 'skipped', because: node })
    if (this.#thrown !== undefined) throw this.#thrown.error
    const { result } = this.#books
    if (this.#first !== undefined && this.#abort.signal.aborted) throw new GraphError(this.#first.error, node, result)
    return result
  }

  #startMore(): void {
    while (!this.#abort.signal.aborted && this.#underWay < this.#options.concurrency) {
      const name = this.#ready[this.#next]
      if (name === undefined) break
      this.#next++
      this.#underWay++
      void this.#perform(name).finally(() => {
        this.#underWay--
        this.#startMore()
      })
    }
    if (this.#underWay === 0) this.#finish()
  }

  async #perform(name: string): Promise<void> {
    const action = this.#books.action(name)
    if (action === undefined) return
    let result: RunResult | undefined
    try {
      result = await this.#options.runner.run({
        ...this.#optionsOf(name, action),
        inputs: this.#inputsOf(name, action),
        signal: this.#abort.signal,
        onProgress: ({ stage }) => {
          if (stage === 'executing') this.#books.move(name, 'running')
        },
      })
      if (result.exitCode !== 0) throw commandFailed(name, result)
    } catch (thrown) {
      // What ends because everything ends did not fail.
      if (!this.#abort.signal.aborted) await this.#recoverOrFail(name, action, thrown, result)
      return
    }
    this.#books.end(name, { state: result.cached ? 'cached' : 'done', result })
    this.#queue(this.#books.releasedBy(name))
  }

  /** Where a node failed because of inputs that were lost, they are made again, and it is tried again afterwards. */
  async #recoverOrFail(
    name: string,
    action: GraphAction,
    thrown: unknown,
    result: RunResult | undefined,
  ): Promise<void> {
    const taken = [...referencesOf(action)].flatMap(([, { node, path }]) => {
      const output = this.#madeBy(node)?.outputs.get(path)
      return output === undefined ? [] : [{ node, output }]
    })
    const { signal } = this.#abort
    const lost = await lostOutputs(thrown, taken, this.#options.runner.store, signal).catch(() => [])
    if (signal.aborted) return
    const times = this.#recoveries.get(name) ?? 0
    if (lost.length === 0) this.#fail(name, thrown, result)
    else if (times === MOST_RECOVERIES) this.#fail(name, lostAgain(name, lost, thrown), result)
    else {
      this.#recoveries.set(name, times + 1)
      this.#queue(this.#books.waitAgain(name, new Set(lost.map(({ node }) => node))))
    }
  }

  #queue(names: readonly string[]): void {
    for (const name of names) {
      this.#books.move(name, 'queued')
      this.#ready.push(name)
    }
  }

  #inputsOf(name: string, { inputs = {} }: GraphAction): Record<string, Input> {
    const resolved = Object.entries(inputs).map(([path, input]) => {
      if (input.kind !== 'output') return [path, input] as const
      return [path, outputInput(input, this.#madeBy(input.node), name)] as const
    })
    return Object.fromEntries(resolved)
  }

  #madeBy(node: string): RunResult | undefined {
    const outcome = this.#books.outcome(node)
    return outcome && 'result' in outcome ? outcome.result : undefined
  }

  /** A node that has ended before is only to bring back what was lost, and what it prints has been seen. */
  #optionsOf(name: string, { onOutput, ...given }: GraphAction): Omit<GraphAction, 'inputs'> {
    const action = { name, ...given }
    if (this.#books.outcome(name) !== undefined) return { ...action, refresh: false }
    const { onOutput: all } = this.#options
    if (all === undefined) return { ...action, ...(onOutput && { onOutput }) }
    return {
      ...action,
      onOutput: async (chunk, stream) => {
        await onOutput?.(chunk, stream)
        try {
          await all(chunk, stream, name)
        } catch (error) {
          this.#stopFor(error)
          throw error
        }
      },
    }
  }

  #fail(node: string, thrown: unknown, ran: RunResult | undefined): void {
    const error = GoregoError.from(thrown)
    const result = ran ?? (error instanceof ExecutionError ? error.result : undefined)
    this.#first ??= { node, error }
    this.#books.end(node, { state: 'failed', error, ...(result === undefined ? {} : { result }) })
    if (this.#options.keepGoing) this.#books.skipAfter(node)
    else this.#abort.abort(error)
  }

  #cancel(reason: unknown): void {
    if (this.#abort.signal.aborted) return
    this.#first = {
      node: undefined,
      error: new GoregoError('cancelled', 'the caller stopped the graph', { cause: reason }),
    }
    this.#abort.abort(reason)
  }

  #tell(event: GraphEvent): void {
    try {
      if (this.#thrown === undefined) this.#options.onEvent?.(event)
    } catch (error) {
      this.#stopFor(error)
    }
  }

  /** What one of the caller's functions threw is for the caller. */
  #stopFor(error: unknown): void {
    this.#thrown ??= { error }
    this.#abort.abort(error)
  }
}

/** A store in which what a node needs is gone so often has no room for it. */
const MOST_RECOVERIES = 3

/** Of what a command printed, so much says why it failed. */
const LAST_WORDS = 2000

function lostAgain(name: string, lost: readonly Taken[], cause: unknown): GoregoError {
  const { node, output } = lost[0] as Taken
  const [consumer, path, producer] = [name, output.path, node].map((text) => JSON.stringify(text))
  const message = `${consumer} needs ${path} of ${producer}, which is gone from the store again whenever it has been made: the store has too little room for this graph`
  return new GoregoError('resource-exhausted', message, { cause })
}

function commandFailed(name: string, { exitCode, stdout, stderr }: RunResult): GoregoError {
  const said = (stderr.trim() || stdout.trim()).slice(-LAST_WORDS)
  const what = `${JSON.stringify(name)} failed with exit code ${exitCode}`
  return new GoregoError('failed-precondition', said === '' ? what : `${what}: ${said}`)
}
