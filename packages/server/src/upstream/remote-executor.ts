import {
  type ActionSpec,
  type Digest,
  type DigestFunction,
  type DigestFunctionName,
  ExecutionError,
  GoregoError,
  Graph,
  type GraphOptions,
  KnownFiles,
  loadDigestFunction,
  OutputFeed,
  type Prediction,
  prepareAction,
  type RunOptions,
  RunResult,
  reapi,
  type Stage,
  wouldHit,
} from '@gorego/core'
import type { Explanation } from '../history/explain.js'
import { fromRpcStatus } from '../wire/status.js'
import { agreeOnCompression } from './agree-on-compression.js'
import { AnnouncedCapabilities } from './announced-capabilities.js'
import { Channel } from './channel.js'
import { checkDigestFunction } from './check-digest-function.js'
import { execute, LONGEST_TARGET } from './execute.js'
import { explain } from './explain.js'
import { getCapabilities } from './get-capabilities.js'
import { RemoteActionCache } from './remote-action-cache.js'
import { responseOf } from './remote-operation.js'
import { identityOf, type RemoteServerOptions } from './remote-server-options.js'
import { RemoteStore } from './remote-store.js'

/** How a server is reached, and what everything is hashed with. */
export interface RemoteExecutorOptions extends RemoteServerOptions {
  /** What everything is hashed with; the server has to offer it. Default `sha256`. */
  readonly digestFunction?: DigestFunctionName
  /** A file of this machine in which the digests of inputs are kept for the next process. Default: they are kept in memory. */
  readonly knownFiles?: string
}

/** How many slots the server has is not known. */
const GRAPH_CONCURRENCY = 64

/**
 * Runs actions on another server, with the calls of LocalExecutor: uploads what it does not have, executes, reads back. What a command
 * prints comes with its result (`onOutput`): not before, as here.
 */
export class RemoteExecutor implements AsyncDisposable {
  readonly store: RemoteStore
  readonly #channel: Channel
  readonly #instance: string
  readonly #fn: DigestFunction
  readonly #knownFiles: KnownFiles

  private constructor(
    channel: Channel,
    instance: string,
    knownFiles: KnownFiles,
    fn: DigestFunction,
    store: RemoteStore,
  ) {
    this.#channel = channel
    this.#instance = instance
    this.#fn = fn
    this.#knownFiles = knownFiles
    this.store = store
  }

  /**
   * `grpc://host:port`, `grpcs://host:port` or `unix:/path`. Throws a ConnectError if no server answers,
   * `failed-precondition` if the server does not offer the digest function, and `invalid-argument` for a token that others could read.
   */
  static async connect(
    target: string,
    options: RemoteExecutorOptions = {},
    signal?: AbortSignal,
  ): Promise<RemoteExecutor> {
    const { instance = '', digestFunction = 'sha256', compression } = options
    const fn = await loadDigestFunction(digestFunction)
    const channel = await Channel.connect(target, identityOf(options), signal)
    try {
      checkDigestFunction(await getCapabilities(channel, instance, signal), fn)
    } catch (error) {
      channel[Symbol.dispose]()
      throw error
    }
    const agreed = agreeOnCompression({
      capabilities: AnnouncedCapabilities.of(channel, instance),
      compression,
    })
    const knownFiles = new KnownFiles({ fn, ...(options.knownFiles === undefined ? {} : { path: options.knownFiles }) })
    return new RemoteExecutor(channel, instance, knownFiles, fn, new RemoteStore(channel, instance, agreed))
  }

  async run(options: RunOptions): Promise<RunResult> {
    options.onProgress?.({ stage: 'preparing' })
    try {
      return await this.#runAgainIfLost(options)
    } catch (error) {
      if (!options.signal?.aborted) throw error
      throw new GoregoError('cancelled', 'the caller aborted the run', { cause: error })
    }
  }

  /** Whether `run` would find a result there. Hashes the inputs, and neither sends nor runs anything. */
  async wouldHit(spec: ActionSpec, signal?: AbortSignal): Promise<Prediction> {
    const results = new RemoteActionCache(this.#channel, this.#instance)
    return await wouldHit(spec, { cas: this.store, results, fn: this.#fn, knownFiles: this.#knownFiles, signal })
  }

  /**
   * Why the action of that `name` is not the one that was executed there before it with the same outputs: what differs, down to input files; without
   * `previous` there was none. Unlike a LocalExecutor, the server goes by all who use it, and by nothing older than itself. Throws `not-found` for a
   * name that it does not know, and `unimplemented` where it is no gorego.
   */
  async why(name: string, signal?: AbortSignal): Promise<Explanation> {
    return await explain(this.#channel, this.#instance, { target: name.slice(0, LONGEST_TARGET) }, signal)
  }

  /** Actions that take what others make: see `Graph`. By default so many nodes are under way that the server's queue is never empty. */
  graph(options: GraphOptions = {}): Graph {
    return new Graph(this, { ...options, concurrency: options.concurrency ?? GRAPH_CONCURRENCY })
  }

  async close(): Promise<void> {
    await this.#knownFiles.close()
    this.#channel[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #runAgainIfLost(options: RunOptions): Promise<RunResult> {
    try {
      return await this.#runOnce(options)
    } catch (error) {
      // The server lost an input between our sending it and its use. We still have it: once more.
      if (!(error instanceof GoregoError) || !error.details.some(({ kind }) => kind === 'missing-blobs')) throw error
      return await this.#runOnce(options)
    }
  }

  async #runOnce(options: RunOptions): Promise<RunResult> {
    const action = await this.#upload(options, options.signal)
    const { refresh: skipCacheLookup, name: target, priority, signal, onProgress, onOutput } = options
    const onStage = onProgress && ((stage: Stage) => onProgress({ stage }))
    const execution = { skipCacheLookup, priority, target, onStage }
    const response = responseOf(await execute(this.#channel, this.#instance, action, execution, signal))
    const message = response.getResult()
    const result =
      message === undefined
        ? undefined
        : await RunResult.read(
            action,
            message.serializeBinary(),
            response.getCachedResult(),
            this.store,
            options.signal,
          )
    if (result !== undefined && onOutput !== undefined) await new OutputFeed(onOutput).finish(result, signal)
    const status = response.getStatus()
    if (status !== undefined && status.getCode() !== 0)
      throw new ExecutionError(fromRpcStatus(status), result, logsOf(response, action))
    if (result === undefined) throw new GoregoError('internal', 'the server finished the operation without a result')
    return result
  }

  async #upload(spec: ActionSpec, signal: AbortSignal | undefined): Promise<Digest> {
    const knownFiles = this.#knownFiles
    const action = await prepareAction(spec, { cas: this.store, fn: this.#fn, knownFiles, signal })
    knownFiles.saveSoon()
    return action
  }
}

/** A log with a bad digest is no reason to hide what it is about. */
function logsOf(response: reapi.ExecuteResponse, { fn }: Digest): Record<string, Digest> {
  const logs: Record<string, Digest> = Object.create(null)
  for (const [name, log] of response.getServerLogsMap().entries()) {
    try {
      logs[name] = reapi.fromDigestMessage(fn, log.getDigest(), `the digest of server log ${name}`)
    } catch {
      // Then without it.
    }
  }
  return logs
}
