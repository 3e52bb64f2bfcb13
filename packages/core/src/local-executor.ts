import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { type ActionCache, LocalActionCache } from './action-cache/index.js'
import {
  checkRemoteCache,
  composeCaches,
  type OpenedRemoteCache,
  type RemoteCache,
  readThrough,
} from './backing/index.js'
import { type ContentAddressableStorage, LocalStore } from './cas/index.js'
import { type Digest, type DigestFunction, type DigestFunctionName, loadDigestFunction } from './digest/index.js'
import { explainRun, type RunExplanation } from './embed/explain-run.js'
import { KnownFiles } from './embed/known-files.js'
import { NamedRuns } from './embed/named-runs.js'
import { OutputFeed } from './embed/output-feed.js'
import { type ActionSpec, prepareAction } from './embed/prepare-action.js'
import type { RunOptions } from './embed/run-options.js'
import { ExecutionError, RunResult } from './embed/run-result.js'
import { type Prediction, wouldHit } from './embed/would-hit.js'
import { GoregoError } from './errors/index.js'
import { Graph, type GraphOptions } from './graph/index.js'
import { type Logger, silentLogger } from './observe/index.js'
import { createPlatformCheck, type PlatformLabels, type PlatformPolicy, platformProperties } from './platform/index.js'
import type { SandboxChoice } from './sandbox/index.js'
import { type OperationState, TaskScheduler } from './scheduler/index.js'
import {
  type ActionPolicy,
  createActionLookup,
  type Isolation,
  LocalWorker,
  openIsolation,
  pinActions,
} from './worker/index.js'

/** Where an executor keeps things, and what its actions may do. */
export interface LocalExecutorOptions {
  /** Where blobs, results and build roots are kept; made if absent. Several processes may share it. */
  readonly root: string
  /** How many actions run at once. Default: the number of CPUs. */
  readonly concurrency?: number
  /** Disk space for blobs, in bytes. Default 50 GB. */
  readonly maxBytes?: number
  /** For so long after its last use a blob is not evicted, in milliseconds. Default 5 minutes. */
  readonly graceMs?: number
  /** What actions may ask for in their `platform`, beside the `OSFamily`, `ISA` and `Arch` that the machine says of itself. */
  readonly platform?: PlatformLabels
  /** What becomes of properties that are not known here. Default `standard`: those of other services are ignored. */
  readonly platformPolicy?: PlatformPolicy
  /** The runner's program (`dist/runner.js` of this package), for tools that are bundled into one file. */
  readonly runner?: string
  /**
   * What actions run in: `bubblewrap`, or that where it works (`auto`, which warns where it does not). Default `none`: a tool that
   * is run by hand does not surprise with what its actions cannot see.
   */
  readonly sandbox?: SandboxChoice
  /** Absolute paths that actions see in the sandbox beside the system's own directories. */
  readonly sandboxMounts?: readonly string[]
  /**
   * Who runs actions, where root runs this: `unprivileged` for nobody else, or a user (`name`, `uid` or `uid:gid`). That user must get to `root`, unless
   * there is a sandbox. Default: whoever runs this.
   */
  readonly runAs?: string
  /** What every action has to put up with: how much it may print, say. Default: `DEFAULT_POLICY`. */
  readonly policy?: Partial<Omit<ActionPolicy, 'reportResources'>>
  /**
   * A cache that others use as well: results that are not here are looked for there, and what is run here is stored there. `remoteCache('grpc://…')` of
   * `@gorego/server` makes one of any REAPI cache. Inputs stay here.
   */
  readonly remote?: RemoteCache
  readonly logger?: Logger
  /** What everything is hashed with. Results are cached for each function by itself. Default `sha256`. */
  readonly digestFunction?: DigestFunctionName
}

interface Parts {
  readonly store: LocalStore
  readonly results: LocalActionCache
  readonly fn: DigestFunction
  readonly isolation: Isolation
  readonly remote: OpenedRemoteCache | undefined
}

/**
 * The engine in one's own process: a store, an action cache, a scheduler and a worker below one directory. Nothing of an
 * action runs in this process except the hashing of its inputs; slots are processes of their own.
 *
 *     await using executor = await LocalExecutor.open({ root: '.cache/gorego' })
 *     const result = await executor.run({ argv: ['/bin/echo', 'hello'] })
 */
export class LocalExecutor implements AsyncDisposable {
  /** Every blob that can be had: here, and behind (`remote`). What is written goes to both. */
  readonly store: ContentAddressableStorage
  /** What is below `root`, and nothing else. */
  readonly localStore: LocalStore
  /** Every result that can be had, if its blobs can. */
  readonly actionCache: ActionCache
  readonly #inputs: ContentAddressableStorage
  readonly #remote: OpenedRemoteCache | undefined
  readonly #scheduler: TaskScheduler
  readonly #worker: LocalWorker
  readonly #pin: Disposable

  readonly #fn: DigestFunction
  readonly #knownFiles: KnownFiles
  readonly #names: NamedRuns
  readonly #logger: Logger

  private constructor({ store, results, fn, isolation, remote }: Parts, options: LocalExecutorOptions) {
    const logger = options.logger ?? silentLogger
    const { cas, actionCache } = composeCaches({
      store,
      results,
      backing: remote?.cache,
      required: remote?.required ?? false,
    })
    this.store = cas
    this.localStore = store
    this.actionCache = actionCache
    this.#inputs = readThrough(store, cas)
    this.#remote = remote
    this.#fn = fn
    this.#knownFiles = new KnownFiles({
      fn,
      path: join(options.root, 'inputs', fn.name),
      temporary: join(store.workDirectory('inputs'), 'new'),
    })
    this.#names = new NamedRuns({
      fn,
      directory: join(options.root, 'names', fn.name),
      temporary: store.workDirectory('names'),
    })
    this.#logger = logger
    this.#worker = new LocalWorker({
      store,
      actionCache,
      ...(remote === undefined ? {} : { fetchMissing: (digests, signal) => remote.cache.fetch(digests, signal) }),
      slots: options.concurrency ?? availableParallelism(),
      logger,
      // Results here are read by nobody who could stumble over it.
      policy: { ...options.policy, reportResources: true },
      ...(options.runner === undefined ? {} : { runner: options.runner }),
      ...isolation,
    })
    const { platform = {}, platformPolicy = 'standard' } = options
    const checkPlatform = createPlatformCheck({
      labels: platformProperties(platform),
      policy: platformPolicy,
      withoutNetwork: isolation.sandbox !== undefined,
      logger,
    })
    this.#scheduler = new TaskScheduler({
      executor: this.#worker,
      lookup: createActionLookup({ cas, actionCache, checkPlatform }),
      queueSize: Number.POSITIVE_INFINITY,
      // Results are handed over when they are there; nobody comes back for an operation.
      retentionMs: 0,
    })
    this.#pin = pinActions({ store, actions: () => this.#scheduler.underWay() })
  }

  /**
   * Opens the directory. Throws `invalid-argument` for a digest function that is unknown, and `failed-precondition` for
   * one that cannot be computed here (`blake3` where hash-wasm is not installed), or a sandbox or user that does not work here;
   * and what `remote` throws, where it is required.
   */
  static async open(options: LocalExecutorOptions): Promise<LocalExecutor> {
    const { root, maxBytes, graceMs, digestFunction = 'sha256', remote, logger = silentLogger } = options
    // Whoever writes JavaScript is told so, and not what became of it in a path.
    if (typeof root !== 'string' || root === '') {
      throw new GoregoError('invalid-argument', `LocalExecutor.open needs a directory as \`root\`, not ${root}`)
    }
    checkRemoteCache(remote)
    const fn = await loadDigestFunction(digestFunction)
    const store = await LocalStore.open({
      dir: root,
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(graceMs === undefined ? {} : { graceMs }),
    })
    const { sandbox: choice = 'none', sandboxMounts: mounts = [], runAs, runner } = options
    const rest = { ...(runAs === undefined ? {} : { runAs }), ...(runner === undefined ? {} : { runner }), logger }
    let opened: OpenedRemoteCache | undefined
    try {
      const isolation = await openIsolation({ store, choice, mounts, ...rest })
      const results = new LocalActionCache(store.layout, store.workDirectory('results'))
      opened = await remote?.open({
        store,
        results,
        directory: join(root, 'remote'),
        fn,
        logger,
      })
      return new LocalExecutor({ store, results, fn, isolation, remote: opened }, options)
    } catch (error) {
      await opened?.close()
      store[Symbol.dispose]()
      throw error
    }
  }

  /**
   * Runs an action, or finds its result in the cache. Any number may be asked for at once; as many run as there are
   * slots. Throws ExecutionError for an action that did not finish (`deadline-exceeded`, `cancelled`, …) and
   * `invalid-argument` for one that makes no sense.
   */
  async run(options: RunOptions): Promise<RunResult> {
    options.onProgress?.({ stage: 'preparing' })
    const feed = options.onOutput && new OutputFeed(options.onOutput)
    const named = new Set<string>()
    for (;;) {
      try {
        return await this.#runOnce(options, feed)
      } catch (error) {
        if (error instanceof Error && error.name === 'AbortError' && options.signal?.aborted)
          throw cancelled(options.signal)
        // An input was evicted, or written to by an action, between our storing it and its use. We still have it: once
        // more. Without a Directory nobody knows what else is missing, so it can take some rounds; but not for one blob.
        const lost = missingSubjects(error)
        if (lost.length === 0 || lost.some((subject) => named.has(subject))) throw error
        for (const subject of lost) named.add(subject)
      }
    }
  }

  /** Whether `run` would find a result. Hashes the inputs, and neither stores nor runs anything. */
  async wouldHit(spec: ActionSpec, signal?: AbortSignal): Promise<Prediction> {
    const { actionCache: results } = this
    return await wouldHit(spec, { cas: this.#inputs, results, fn: this.#fn, knownFiles: this.#knownFiles, signal })
  }

  /**
   * Why the action of that name (`RunOptions.name`) ran when it ran last: which argument, variable or input was not what it had been when it was
   * asked for before, by this process or another with the same `root` and digest function. 65,536 names are remembered, those that were used last.
   * Throws `not-found` for a name that is not.
   */
  async why(name: string, signal?: AbortSignal): Promise<RunExplanation> {
    const remembered = this.#names.recall(name)
    if (remembered !== undefined) return await explainRun(name, remembered, this.store, signal)
    throw new GoregoError(
      'not-found',
      `nothing that was called ${JSON.stringify(name.slice(0, 300))} has run below ${this.localStore.layout.root}, hashed with ${this.#fn.name}`,
    )
  }

  /** Actions that take what others make: see `Graph`. By default as many nodes are under way as there are slots, and as many are prepared. */
  graph(options: GraphOptions = {}): Graph {
    return new Graph(this, { ...options, concurrency: options.concurrency ?? 2 * this.#worker.slots })
  }

  /**
   * Ends what is running, stores in `remote` what is still to be, and gives the directory back. A program may also just exit: what `remote` lacks
   * then is stored there by the next one with the same `root`, but for what was made in the last moment.
   */
  async close(): Promise<void> {
    await this.#scheduler.close()
    await this.#worker[Symbol.asyncDispose]()
    await this.#remote?.close()
    this.#pin[Symbol.dispose]()
    await this.#knownFiles.close()
    await this.#names.close()
    this.localStore[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #runOnce(options: RunOptions, feed: OutputFeed | undefined): Promise<RunResult> {
    const { signal, refresh } = options
    if (signal?.aborted) throw cancelled(signal)
    const action = await prepareAction(options, {
      cas: this.#inputs,
      fn: this.#fn,
      knownFiles: this.#knownFiles,
      signal,
    })
    this.#knownFiles.saveSoon()
    try {
      return await this.#execute(action, refresh ?? false, options, feed)
    } catch (error) {
      if (!(error instanceof PrintedBlobLost)) throw error
      return await this.#execute(action, true, options, feed)
    }
  }

  async #execute(
    action: Digest,
    skipCacheLookup: boolean,
    options: RunOptions,
    feed: OutputFeed | undefined,
  ): Promise<RunResult> {
    const { signal, priority = 0 } = options
    if (signal?.aborted) throw cancelled(signal)
    const { name } = await this.#scheduler.execute({ instance: '', action, skipCacheLookup, priority })
    const { outcome } = await this.#completion(name, options, feed)
    if (outcome === undefined) throw new GoregoError('internal', `operation ${name} completed without an outcome`)
    const { result: bytes, cached, failure, logs } = outcome
    const result = bytes === undefined ? undefined : await this.#read(action, bytes, cached, signal)
    if (result !== undefined) {
      this.#remember(options.name, result)
      await feed?.finish(result, signal)
    }
    if (failure !== undefined) throw new ExecutionError(failure, result, logs)
    if (result === undefined) throw new GoregoError('internal', `operation ${name} completed without a result`)
    return result
  }

  /** An action that cannot be remembered has run all the same. */
  #remember(name: string | undefined, { action, cached, endedAt }: RunResult): void {
    if (name === undefined) return
    const now = Date.now()
    try {
      this.#names.note(name, { action, cached, endedAt: cached ? now : (endedAt ?? now) })
    } catch (error) {
      this.#logger.warn('what an action was could not be noted', { name, error })
    }
  }

  async #read(action: Digest, bytes: Uint8Array, cached: boolean, signal?: AbortSignal): Promise<RunResult> {
    try {
      return await RunResult.read(action, bytes, cached, this.store, signal)
    } catch (error) {
      if (error instanceof GoregoError && error.code === 'not-found') throw new PrintedBlobLost(error)
      throw error
    }
  }

  async #completion(
    name: string,
    { signal, onProgress }: RunOptions,
    feed: OutputFeed | undefined,
  ): Promise<OperationState> {
    const cancel = () => this.#scheduler.cancel(name, 'the caller aborted the run')
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      return await new Promise<OperationState>((resolve, reject) => {
        // What the caller's functions throw is for the caller: the scheduler has others to tell.
        const thrown = (error: unknown) => {
          reject(error)
          cancel()
        }
        if (feed !== undefined) {
          feed.onThrown(thrown)
          this.#scheduler.listen(name, feed.take)
        }
        this.#scheduler.subscribe(name, (state) => {
          try {
            onProgress?.({ stage: state.stage })
          } catch (error) {
            thrown(error)
          }
          if (state.stage === 'completed') resolve(state)
        })
      })
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
  }
}

/** What an action printed has gone since its result was there: another process evicted it, or the cache behind went away. */
class PrintedBlobLost extends GoregoError {
  constructor(cause: GoregoError) {
    super('not-found', cause.message, { cause })
  }
}

function cancelled(signal: AbortSignal): GoregoError {
  return new GoregoError('cancelled', 'the caller aborted the run', { cause: signal.reason })
}

function missingSubjects(error: unknown): readonly string[] {
  if (!(error instanceof ExecutionError)) return []
  return error.details.flatMap((detail) => (detail.kind === 'missing-blobs' ? detail.subjects : []))
}
