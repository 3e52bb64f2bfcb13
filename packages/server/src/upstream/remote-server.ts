import type { Digest, reapi } from '@gorego/core'
import type { DeterminismReport } from '../determinism/determinism-report.js'
import type { Explanation } from '../history/explain.js'
import { agreeOnCompression } from './agree-on-compression.js'
import { AnnouncedCapabilities } from './announced-capabilities.js'
import { Channel } from './channel.js'
import { type ExecuteOptions, execute } from './execute.js'
import { type ExplainSubject, explain } from './explain.js'
import { getCapabilities } from './get-capabilities.js'
import { RemoteActionCache } from './remote-action-cache.js'
import type { RemoteOperation } from './remote-operation.js'
import { RemoteOperations } from './remote-operations.js'
import { identityOf, type RemoteServerOptions } from './remote-server-options.js'
import { RemoteStore } from './remote-store.js'
import { reportDeterminism } from './report-determinism.js'

/** A REAPI server, any, for those who look at it: its blobs, its results, its operations, and what it can do. */
export class RemoteServer implements Disposable {
  /** As it was given. */
  readonly target: string
  readonly instance: string
  readonly blobs: RemoteStore
  readonly results: RemoteActionCache
  readonly operations: RemoteOperations
  readonly #channel: Channel

  private constructor(target: string, instance: string, channel: Channel, blobs: RemoteStore) {
    this.target = target
    this.instance = instance
    this.blobs = blobs
    this.results = new RemoteActionCache(channel, instance)
    this.operations = new RemoteOperations(channel, instance)
    this.#channel = channel
  }

  /**
   * `grpc://host:port`, `grpcs://host:port` or `unix:/path`. Throws a ConnectError if no server answers, and `invalid-argument`
   * for a token that others could read. Whether the server accepts the token is what the first call tells.
   */
  static async connect(target: string, options: RemoteServerOptions = {}, signal?: AbortSignal): Promise<RemoteServer> {
    const { instance = '', compression } = options
    const channel = await Channel.connect(target, identityOf(options), signal)
    const agreed = agreeOnCompression({
      capabilities: AnnouncedCapabilities.of(channel, instance),
      compression,
    })
    return new RemoteServer(target, instance, channel, new RemoteStore(channel, instance, agreed))
  }

  async capabilities(signal?: AbortSignal): Promise<reapi.ServerCapabilities> {
    return await getCapabilities(this.#channel, this.instance, signal)
  }

  /** Executes an action that the server has every blob of; resolves when the operation is done. Aborting cancels it there. */
  async execute(action: Digest, options: ExecuteOptions = {}, signal?: AbortSignal): Promise<RemoteOperation> {
    return await execute(this.#channel, this.instance, action, options, signal)
  }

  /** Why an action is not the one before: for a gorego only. Throws `unimplemented` where a server is another one. */
  async explain(subject: ExplainSubject, signal?: AbortSignal): Promise<Explanation> {
    return await explain(this.#channel, this.instance, subject, signal)
  }

  /** What came of running actions a second time: for a gorego only. Throws `unimplemented` where a server is another one. */
  async determinism(signal?: AbortSignal): Promise<DeterminismReport> {
    return await reportDeterminism(this.#channel, this.instance, signal)
  }

  [Symbol.dispose](): void {
    this.#channel[Symbol.dispose]()
  }
}
