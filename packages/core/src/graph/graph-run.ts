import { setMaxListeners } from 'node:events'
import type { Input } from '../embed/inputs.js'
import type { RunOptions } from '../embed/run-options.js'
import { ExecutionError, type RunResult } from '../embed/run-result.js'
import { GoregoError } from '../errors/index.js'
import type { ActionRunner } from './action-runner.js'
import type { GraphOptions } from './graph.js'
import type { GraphAction, GraphActions } from './graph-action.js'
import { GraphError } from './graph-error.js'
import type { GraphEvent, GraphResult } from './graph-outcome.js'
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
        ...action,
        inputs: this.#inputsOf(name, action),
        signal: this.#abort.signal,
        ...this.#outputOf(name, action),
        onProgress: ({ stage }) => {
          if (stage === 'executing') this.#books.move(name, 'running')
        },
      })
      if (result.exitCode !== 0) throw commandFailed(name, result)
    } catch (thrown) {
      // What ends because everything ends did not fail.
      if (!this.#abort.signal.aborted) this.#fail(name, thrown, result)
      return
    }
    this.#books.end(name, { state: result.cached ? 'cached' : 'done', result })
    for (const released of this.#books.releasedBy(name)) {
      this.#books.move(released, 'queued')
      this.#ready.push(released)
    }
  }

  #inputsOf(name: string, { inputs = {} }: GraphAction): Record<string, Input> {
    const resolved = Object.entries(inputs).map(([path, input]) => {
      if (input.kind !== 'output') return [path, input] as const
      const made = this.#books.outcome(input.node)
      return [path, outputInput(input, made && 'result' in made ? made.result : undefined, name)] as const
    })
    return Object.fromEntries(resolved)
  }

  #outputOf(name: string, { onOutput: own }: GraphAction): Pick<RunOptions, 'onOutput'> {
    const { onOutput: all } = this.#options
    if (all === undefined) return {}
    return {
      onOutput: async (chunk, stream) => {
        await own?.(chunk, stream)
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

/** Of what a command printed, so much says why it failed. */
const LAST_WORDS = 2000

function commandFailed(name: string, { exitCode, stdout, stderr }: RunResult): GoregoError {
  const said = (stderr.trim() || stdout.trim()).slice(-LAST_WORDS)
  const what = `${JSON.stringify(name)} failed with exit code ${exitCode}`
  return new GoregoError('failed-precondition', said === '' ? what : `${what}: ${said}`)
}
