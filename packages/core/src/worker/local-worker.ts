import { hostname } from 'node:os'
import { join } from 'node:path'
import type { ActionCache } from '../action-cache/index.js'
import { type LocalStore, missingBlobs } from '../cas/index.js'
import { Digest } from '../digest/index.js'
import { Session } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { type Logger, silentLogger } from '../observe/index.js'
import {
  type ActionPolicy,
  DEFAULT_POLICY,
  fromPlainDigest,
  type JobReply,
  type PlainDigest,
  type RanReply,
  type StagedBytes,
  type StoredBlob,
  toPlainDigest,
} from '../runner/index.js'
import type { SandboxSetup } from '../sandbox/index.js'
import type { ActionExecutor, ActionRun, Outcome } from '../scheduler/index.js'
import { NearestSlot } from './nearest-slot.js'
import { type RunAs, slotUser } from './run-as.js'
import type { RunnerAnswer } from './runner-process.js'
import { runnerProgram } from './runner-program.js'
import { Slot } from './slot.js'
import { Slots } from './slots.js'

/** What a worker runs actions with: the store, the cache, and the processes of its slots. */
export interface LocalWorkerOptions {
  readonly store: LocalStore
  /** Where results go (never those of commands that failed or did not finish; EX-17). */
  readonly actionCache: ActionCache
  /** How many actions run at once: one runner process each. */
  readonly slots: number
  /** Where input roots are made. On another file system than the store, inputs are copied instead of linked. Default: in the store's directory. */
  readonly buildRoot?: string
  /** What ExecutedActionMetadata.worker says. Default: the host's name. */
  readonly name?: string
  /** Brings blobs into the local store from wherever else they may be; returns those that it could not find. */
  readonly fetchMissing?: (digests: readonly Digest[], signal: AbortSignal) => Promise<readonly Digest[]>
  /** The runner's program, where it is neither beside this package's code nor installed. */
  readonly runner?: string
  /**
   * What starts commands: the small program that is beside the runner's, where there is one for this system (`auto`), or Node
   * itself (`node`), which costs a millisecond of CPU more and does not find daemons that a command leaves. Default `auto`.
   */
  readonly launcher?: 'auto' | 'node'
  /** What commands run in, as `openSandbox` found it. Default: nothing but their own good will. */
  readonly sandbox?: SandboxSetup
  /** Who actions are run by, as `openIsolation` found it; only root can have that. Default: whoever runs this. */
  readonly runAs?: RunAs
  /** What every action has to put up with. Default: `DEFAULT_POLICY`. */
  readonly policy?: Partial<ActionPolicy>
  /** Is told of each command that ran here, once, however many wait for it: for metrics. Must not throw. */
  readonly onRan?: (report: RunReport) => void
  readonly logger?: Logger
}

/** What an action cost. */
export interface RunReport {
  /** A serialized ActionResult. */
  readonly result: Uint8Array
  readonly staged: StagedBytes
}

/** An action during which the runner died is run again, so often. */
const RETRIES_AFTER_DEATH = 1

/** An action of whose outputs some were evicted at once is run again, so often. */
const RETRIES_AFTER_EVICTION = 1

const RETRY_AFTER_EVICTION_MS = 1_000

/** How many blobs are remembered as having been written to by an action; the oldest are forgotten. */
const MAX_COPIED = 10_000

/**
 * Runs actions on this machine, at most `slots` at a time: stage, run, collect, clean up, each in the slot's own runner
 * process; here are only the books. A blob that is not in the store is fetched once, or named in the failure with all
 * the others. A blob that an action wrote to through its link is thrown out of the store, and the action (and whatever
 * ran beside it and used the blob) fails as if the blob had been missing: the client sends it again, and from then on
 * it is copied for actions instead of linked.
 */
export class LocalWorker implements ActionExecutor, AsyncDisposable {
  readonly slots: number
  readonly #options: LocalWorkerOptions
  readonly #logger: Logger
  readonly #session: Session | undefined
  readonly #pin: Disposable
  /** Outputs that no result names yet. */
  readonly #unnamed = new Set<readonly Digest[]>()
  readonly #slots: Slots<Slot>
  readonly #copied = new Set<string>()
  #stopped = false

  constructor(options: LocalWorkerOptions) {
    if (!Number.isInteger(options.slots) || options.slots < 1) {
      throw new GoregoError('invalid-argument', `a worker needs one slot or more, not ${options.slots}`)
    }
    if (options.sandbox !== undefined && options.launcher === 'node') {
      throw new GoregoError('invalid-argument', 'commands that Node starts cannot be in a sandbox')
    }
    this.slots = options.slots
    this.#options = options
    this.#logger = options.logger ?? silentLogger
    this.#session = options.buildRoot === undefined ? undefined : Session.open(options.buildRoot)
    const roots = this.#slotsDirectory()
    const program = runnerProgram(options.runner)
    if (options.launcher !== 'node' && program.launcher === undefined) {
      this.#logger.info('there is no native launcher for this system here: commands are started by Node')
    }
    const all = Array.from({ length: options.slots }, (_, n) => {
      const setup = {
        kind: 'setup',
        storeRoot: options.store.layout.root,
        temporary: options.store.workDirectory(`runner-${n}`),
        directory: join(roots, String(n)),
        workerName: options.name ?? hostname(),
        policy: { ...DEFAULT_POLICY, ...options.policy },
        launcher: options.launcher === 'node' ? undefined : program.launcher,
        sandbox: options.sandbox,
        user: options.runAs && slotUser(options.runAs),
      } as const
      return new Slot(program, setup, this.#copied)
    })
    this.#slots = new Slots({ all, nearest: new NearestSlot(options.store) })
    this.#pin = options.store.pin(async () => {
      for (const outputs of [...this.#unnamed]) await options.store.findMissing(outputs)
    })
  }

  async execute(run: ActionRun, signal: AbortSignal): Promise<Outcome> {
    const fetched = new Set<string>()
    let deaths = 0
    let evictions = 0
    for (;;) {
      const slot = await this.#slots.take(run.inputRoot)
      const refusal = this.#refusal(signal)
      if (refusal !== undefined) {
        this.#slots.release(slot)
        return fail(refusal)
      }
      const nothingDiscarded = this.#options.store.watchForDiscards()
      const answer = await this.#runIn(slot, run, signal)
      if (answer.kind === 'died') {
        if (this.#refusal(signal) !== undefined) continue
        this.#logger.warn('a runner died', { action: String(run.action), why: answer.lastWords })
        if (deaths++ < RETRIES_AFTER_DEATH) continue
        return await this.#failAfterDeath(run, answer.lastWords)
      }
      // The slot has something else to do while this one's result is put away.
      if (isFinal(answer.reply)) run.onFreed?.()
      using _ = this.#keep(answer.stored)
      const evicted = await this.#adopt(answer.stored, nothingDiscarded)
      const lost = this.#lostBlobs(answer.reply)
      // What failed is neither run again nor called by another name because its outputs cannot stay.
      if (answer.reply.kind === 'ran' && answer.reply.failure === undefined) {
        if (evicted instanceof GoregoError) return fail(evicted)
        // OR-05: an older blob that is an output again was evicted before it was counted as used.
        if (evicted.length > 0) {
          if (evictions++ < RETRIES_AFTER_EVICTION) continue
          return fail(outputsEvicted(evicted))
        }
      }
      const whole = !(evicted instanceof GoregoError) && evicted.length === 0
      if (lost === undefined) return await this.#finish(run, answer.reply, whole, signal)
      // A Directory that was fetched may lead to more that has to be. What is lost again is not asked for again.
      const again = lost.filter(({ key }) => fetched.has(key))
      for (const { key } of lost) fetched.add(key)
      const missing = again.length > 0 ? again : await this.#fetch(lost, signal)
      if (missing.length > 0) return fail(this.#explainLoss(answer.reply, missing))
    }
  }

  /** Kills what runs, which ends as `unavailable`, and removes every directory. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true
    await this.#slots[Symbol.asyncDispose]()
    this.#session?.[Symbol.dispose]()
    this.#pin[Symbol.dispose]()
  }

  /** Process ids of the runners that are there now. */
  get runnerPids(): number[] {
    return this.#slots.all.flatMap((slot) => slot.pid ?? [])
  }

  /** Only a sandbox brings another user to its input root past directories that are shut. */
  #slotsDirectory(): string {
    const place = this.#session ?? this.#options.store
    const { runAs, sandbox } = this.#options
    if (runAs !== undefined && sandbox === undefined) return place.passableDirectory('slots')
    return this.#session?.directory('slots') ?? this.#options.store.workDirectory('slots')
  }

  /** Why nothing is to be run any more, for this caller or at all. */
  #refusal(signal: AbortSignal): GoregoError | undefined {
    if (signal.aborted) return new GoregoError('cancelled', 'the action was cancelled')
    return this.#stopped ? new GoregoError('unavailable', 'the worker was stopped') : undefined
  }

  async #runIn(slot: Slot, run: ActionRun, signal: AbortSignal): Promise<RunnerAnswer> {
    const { action, timeoutMs, network = false, queuedAt } = run
    const job = { action: toPlainDigest(action), timeoutMs, network, queuedAt }
    let died = true
    try {
      const answer = await slot.run(job, run, signal)
      died = answer.kind === 'died'
      return answer
    } finally {
      this.#slots.release(slot, died)
    }
  }

  /** Until the result is where it belongs, however long that takes and however short the grace is. */
  #keep(stored: readonly StoredBlob[]): Disposable {
    const outputs = stored.map(({ digest }) => digest)
    this.#unnamed.add(outputs)
    return { [Symbol.dispose]: () => void this.#unnamed.delete(outputs) }
  }

  /** Outputs that are not there any more, or why they cannot stay. */
  async #adopt(stored: readonly StoredBlob[], nothingDiscarded: () => boolean): Promise<Digest[] | GoregoError> {
    try {
      return await this.#options.store.adopt(stored, nothingDiscarded)
    } catch (error) {
      return GoregoError.from(error)
    }
  }

  /** Blobs that the action needs and the store does not have, or not any more. */
  #lostBlobs(reply: JobReply): Digest[] | undefined {
    if (reply.kind !== 'missing' && reply.kind !== 'altered') return undefined
    const digests = reply.digests.map(fromPlainDigest)
    if (reply.kind === 'missing') {
      this.#options.store.lookAgain(digests)
    } else {
      for (const digest of digests) this.#options.store.discard(digest)
      this.#copyFromNowOn(digests)
      this.#logger.warn(
        'an action wrote to its inputs; they are thrown out of the store and will be copied, not linked',
        {
          blobs: digests.map(String),
        },
      )
    }
    return digests
  }

  #copyFromNowOn(digests: readonly Digest[]): void {
    const keys = digests.map((digest) => digest.key)
    for (const key of keys) this.#copied.add(key)
    while (this.#copied.size > MAX_COPIED) this.#copied.delete(this.#copied.values().next().value ?? '')
    for (const slot of this.#slots.all) slot.copyInputs(keys)
  }

  async #fetch(digests: readonly Digest[], signal: AbortSignal): Promise<readonly Digest[]> {
    return this.#options.fetchMissing === undefined ? digests : await this.#options.fetchMissing(digests, signal)
  }

  #explainLoss(reply: JobReply, missing: readonly Digest[]): GoregoError {
    return reply.kind === 'altered'
      ? missingBlobs(missing, 'inputs were written to while the action ran; please send them again:')
      : missingBlobs(missing)
  }

  /** `whole`: everything that the reply refers to is in the store. */
  async #finish(run: ActionRun, reply: JobReply, whole: boolean, signal: AbortSignal): Promise<Outcome> {
    if (reply.kind === 'failed') {
      const { failure, log } = reply
      return { failure, cached: false, ...(whole ? logsOf(log) : {}) }
    }
    if (reply.kind !== 'ran') throw new GoregoError('internal', `an unexpected reply from a runner: ${reply.kind}`)
    const { result, exitCode, failure, message, resources, log } = reply
    this.#logRun(run, reply)
    this.#options.onRan?.({ result, staged: reply.staged })
    const used = resources === undefined ? {} : { resources }
    if (failure !== undefined) {
      return { failure, cached: false, ...used, ...(whole ? { result, ...logsOf(log) } : {}) }
    }
    if (exitCode === 0 && !run.doNotCache) await this.#cache(run, result, signal)
    return { result, cached: false, ...used, ...(message === '' ? {} : { message }) }
  }

  #logRun({ action }: ActionRun, { exitCode, failure, resources }: RanReply): void {
    this.#logger.debug('an action ran', {
      action: String(action),
      exitCode,
      ...(failure === undefined ? {} : { failure: failure.code }),
      ...resources,
    })
  }

  /** What the runner said at its end is in the log; the message is for somebody who cannot do anything about it. */
  async #failAfterDeath({ action }: ActionRun, lastWords: string): Promise<Outcome> {
    const { fn } = action
    const text = Buffer.from(`action       ${action}\nfailure      the process that ran it died, twice: ${lastWords}\n`)
    const log = Digest.ofBytes(fn, text)
    const stored = await this.#options.store.write(log, text).then(
      () => logsOf(toPlainDigest(log)),
      () => ({}),
    )
    const failure = new GoregoError('internal', `the process that ran the action died, twice (${lastWords})`)
    return { ...fail(failure), ...stored }
  }

  /** A result that cannot be kept is a result all the same. */
  async #cache({ instance, action }: ActionRun, result: Uint8Array, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.actionCache.put({ instance, action }, result, signal)
    } catch (error) {
      this.#logger.warn('a result could not be cached', { action: String(action), error })
    }
  }
}

/** But for outputs that are evicted at once: then the action waits for a slot as if there were another one. */
function isFinal({ kind }: JobReply): boolean {
  return kind === 'ran' || kind === 'failed'
}

function outputsEvicted(digests: readonly Digest[]): GoregoError {
  const message = `outputs of the action (${digests.map(String).slice(0, 3).join(', ')}) were evicted from the cache as soon as they were there: it is too small for what is using it`
  return new GoregoError('resource-exhausted', message, {
    details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_EVICTION_MS }],
  })
}

function fail({ code, message, details }: GoregoError): Outcome {
  return { failure: { code, message, details }, cached: false }
}

function logsOf(log: PlainDigest | undefined): Pick<Outcome, 'logs'> {
  return log === undefined ? {} : { logs: { gorego: fromPlainDigest(log) } }
}
