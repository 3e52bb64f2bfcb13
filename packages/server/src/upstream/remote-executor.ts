import {
  type ActionSpec,
  type Digest,
  type DigestFunction,
  type DigestFunctionName,
  ExecutionError,
  GoregoError,
  loadDigestFunction,
  type Progress,
  prepareAction,
  type RunOptions,
  RunResult,
  reapi,
} from '@gorego/core'
import { fromRpcStatus } from '../wire/status.js'
import { Channel } from './channel.js'
import type { ChannelTls } from './channel-identity.js'
import { checkDigestFunction } from './check-digest-function.js'
import { RemoteStore } from './remote-store.js'

const PACKAGE = 'build.bazel.remote.execution.v2'

export interface RemoteExecutorOptions {
  /** Default: the empty instance name. */
  readonly instance?: string
  /** What everything is hashed with; the server has to offer it. Default `sha256`. */
  readonly digestFunction?: DigestFunctionName
  /** For `grpcs://`, in PEM: whom to trust instead of the system's authorities, and what to show. */
  readonly tls?: ChannelTls
  /** Shown as a bearer token with every call. Only with TLS, to this machine, or through a Unix socket. */
  readonly token?: string
}

/** Runs actions on another server, with the calls of LocalExecutor: uploads what it does not have, executes, reads back. */
export class RemoteExecutor implements AsyncDisposable {
  readonly store: RemoteStore
  readonly #channel: Channel
  readonly #instance: string
  readonly #fn: DigestFunction

  private constructor(channel: Channel, instance: string, fn: DigestFunction) {
    this.#channel = channel
    this.#instance = instance
    this.#fn = fn
    this.store = new RemoteStore(channel, instance)
  }

  /**
   * `grpc://host:port`, `grpcs://host:port` or `unix:/path`. Throws `unavailable` if no server answers, and
   * `failed-precondition` if the server does not offer the digest function, and `invalid-argument` for a token that others could read.
   */
  static async connect(target: string, options: RemoteExecutorOptions = {}): Promise<RemoteExecutor> {
    const { instance = '', digestFunction = 'sha256', tls, token } = options
    const fn = await loadDigestFunction(digestFunction)
    const channel = await Channel.connect(target, { tls, token: token === undefined ? undefined : () => token })
    try {
      await checkDigestFunction(channel, instance, fn)
    } catch (error) {
      channel[Symbol.dispose]()
      throw error
    }
    return new RemoteExecutor(channel, instance, fn)
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

  async close(): Promise<void> {
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
    const operation = await this.#execute(action, options)
    const response = responseOf(operation)
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
    const status = response.getStatus()
    if (status !== undefined && status.getCode() !== 0)
      throw new ExecutionError(fromRpcStatus(status), result, logsOf(response, action))
    if (result === undefined) throw new GoregoError('internal', 'the server finished the operation without a result')
    return result
  }

  #upload(spec: ActionSpec, signal: AbortSignal | undefined): Promise<Digest> {
    return prepareAction(spec, { cas: this.store, fn: this.#fn, signal })
  }

  async #execute(action: Digest, { refresh, priority, signal, onProgress }: RunOptions): Promise<reapi.Operation> {
    const request = new reapi.ExecuteRequest()
      .setInstanceName(this.#instance)
      .setActionDigest(reapi.toDigestMessage(action))
      .setDigestFunction(action.fn.value as reapi.DigestFunctionValue)
      .setSkipCacheLookup(refresh ?? false)
      .setInlineStdout(true)
      .setInlineStderr(true)
    if (priority !== undefined) request.setExecutionPolicy(new reapi.ExecutionPolicy().setPriority(priority))
    let name = ''
    const cancel = () => void this.#cancel(name)
    signal?.addEventListener('abort', cancel, { once: true })
    try {
      const parse = reapi.Operation.deserializeBinary
      for await (const operation of this.#channel.serverStream(
        `/${PACKAGE}.Execution/Execute`,
        request,
        parse,
        signal,
      )) {
        name = operation.getName()
        onProgress?.({ stage: stageOf(operation) })
        if (operation.getDone()) return operation
      }
    } finally {
      signal?.removeEventListener('abort', cancel)
    }
    throw new GoregoError('unavailable', 'the server ended the stream before the operation was done')
  }

  /** Best effort: a server that is not told gives up by itself after a while (EX-19). */
  async #cancel(name: string): Promise<void> {
    if (name === '') return
    const request = new reapi.CancelOperationRequest().setName(name)
    await this.#channel
      .unary('/google.longrunning.Operations/CancelOperation', request, reapi.Empty.deserializeBinary)
      .catch(() => {})
  }
}

const STAGES: Partial<Record<reapi.ExecutionStageValue, Progress['stage']>> = {
  [reapi.ExecutionStage.Value.CACHE_CHECK]: 'cache-check',
  [reapi.ExecutionStage.Value.QUEUED]: 'queued',
  [reapi.ExecutionStage.Value.EXECUTING]: 'executing',
  [reapi.ExecutionStage.Value.COMPLETED]: 'completed',
}

function stageOf(operation: reapi.Operation): Progress['stage'] {
  const packed = operation.getMetadata()
  const metadata =
    packed === undefined
      ? undefined
      : reapi.unpackAny(packed, `${PACKAGE}.ExecuteOperationMetadata`, reapi.ExecuteOperationMetadata)
  return (metadata && STAGES[metadata.getStage()]) ?? 'queued'
}

function responseOf(operation: reapi.Operation): reapi.ExecuteResponse {
  const error = operation.getError()
  if (error !== undefined) throw fromRpcStatus(error)
  const packed = operation.getResponse()
  const response = packed && reapi.unpackAny(packed, `${PACKAGE}.ExecuteResponse`, reapi.ExecuteResponse)
  if (response === undefined) throw new GoregoError('internal', 'the server finished the operation without a response')
  return response
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
