import { setImmediate as nextTurn } from 'node:timers/promises'
import { missingBlobs } from '../cas/index.js'
import { Digest, emptyDigest, SHA256 } from '../digest/index.js'
import type { RunOptions } from '../embed/run-options.js'
import { ExecutionError, RunResult } from '../embed/run-result.js'
import { GoregoError } from '../errors/index.js'
import type { ActionRunner } from '../graph/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { ActionResult, OutputFile } from '../proto/messages.js'
import { ForgetfulStore } from './forgetful-store.js'

export interface Behaviour {
  /** Names (`argv[0]`) of what exits with 1. */
  readonly fails?: readonly string[]
  /** What exits with 0 and makes none of its outputs. */
  readonly makesNothing?: readonly string[]
  /** What ends only when its signal says so. */
  readonly runsUntilStopped?: readonly string[]
  /** How many turns of the event loop something takes. Default 1. */
  readonly turns?: (name: string) => number
  /** Names whose outputs are lost when this one is asked for. */
  readonly evicts?: (name: string) => readonly string[]
}

/** For tests of graphs: commands that take some turns of the event loop. What one makes depends on its name and its inputs alone. */
export class FakeRunner implements ActionRunner {
  readonly store = new ForgetfulStore()
  /** In the order in which they were asked for. */
  readonly started: string[] = []
  running = 0
  mostRunning = 0
  readonly #behaviour: Behaviour
  readonly #known = new Map<string, ActionResult>()
  readonly #made = new Map<string, Digest[]>()

  constructor(behaviour: Behaviour = {}) {
    this.#behaviour = behaviour
  }

  async run(options: RunOptions): Promise<RunResult> {
    const name = options.argv[0] ?? ''
    this.started.push(name)
    this.mostRunning = Math.max(this.mostRunning, ++this.running)
    try {
      const key = JSON.stringify([options.argv, describe(options.inputs)])
      this.#evict(this.#behaviour.evicts?.(name) ?? [])
      const known = this.#known.get(key)
      const isComplete = (await this.store.findMissing(this.#made.get(key) ?? [])).length === 0
      if (known !== undefined && isComplete) return await this.#result(known, true)
      await this.#checkInputs(options.inputs)
      options.onProgress?.({ stage: 'executing' })
      await this.#takeTime(name, options.signal)
      const made = await this.#make(name, key, options.outputs ?? [])
      if (made.getExitCode() === 0) this.#known.set(key, made)
      return await this.#result(made, false)
    } finally {
      this.running--
    }
  }

  #evict(names: readonly string[]): void {
    if (names.length === 0) return
    for (const [key, digests] of this.#made)
      if (names.includes(JSON.parse(key)[0][0])) for (const digest of digests) this.store.forget(digest)
  }

  async #checkInputs(inputs: RunOptions['inputs'] = {}): Promise<void> {
    const needed = Object.values(inputs).flatMap((input) => (input.kind === 'stored' ? input.digest : []))
    const missing = await this.store.findMissing(needed)
    if (missing.length > 0) throw new ExecutionError(missingBlobs(missing), undefined)
  }

  async #takeTime(name: string, signal: AbortSignal | undefined): Promise<void> {
    const { runsUntilStopped = [], turns = () => 1 } = this.#behaviour
    if (runsUntilStopped.includes(name) && !signal?.aborted)
      await new Promise((resolve) => signal?.addEventListener('abort', resolve, { once: true }))
    for (let n = turns(name); n > 0 && !signal?.aborted; n--) await nextTurn()
    if (signal?.aborted) throw new GoregoError('cancelled', 'the caller aborted the run')
  }

  async #make(name: string, key: string, outputs: readonly string[]): Promise<ActionResult> {
    const { fails = [], makesNothing = [] } = this.#behaviour
    const result = new ActionResult()
    if (fails.includes(name)) return result.setExitCode(1).setStderrRaw(Buffer.from(`${name} said so\n`))
    if (makesNothing.includes(name)) return result
    for (const path of outputs) {
      const bytes = Buffer.from(`${path} of ${key}`)
      const digest = Digest.ofBytes(SHA256, bytes)
      await this.store.write(digest, bytes)
      this.#made.set(key, [...(this.#made.get(key) ?? []), digest])
      result.addOutputFiles(new OutputFile().setPath(path).setDigest(toDigestMessage(digest)))
    }
    return result
  }

  #result(message: ActionResult, cached: boolean): Promise<RunResult> {
    return RunResult.read(emptyDigest(SHA256), message.serializeBinary(), cached, this.store)
  }
}

function describe(inputs: RunOptions['inputs']): unknown {
  return Object.entries(inputs ?? {}).map(([path, input]) => {
    if (input.kind === 'stored') return [path, input.digest.key]
    return [path, input.kind === 'content' ? Buffer.from(input.bytes).toString('hex') : input.kind]
  })
}
