import { createHash } from 'node:crypto'
import { type DigestFunction, reapi, SHA256 } from '@gorego/core'
import {
  type ActionMessages,
  type BuiltAction,
  blobOf,
  blobOfSize,
  buildAction,
  type TestBlob,
  temporaryDirectory,
} from '@gorego/core/testing'
import { run, type Seen, type SentAction, shell } from '../client/actions.js'
import { capabilitiesOf } from '../client/calls.js'
import { Gate } from '../client/gate.js'
import { RawClient } from '../client/raw-client.js'
import { OwnServer, type Settings } from '../target/own-server.js'
import type { Target } from '../target/target.js'
import { NotApplicable } from './outcome.js'

/** What a case has at hand: a server, and blobs that no other case and no earlier run has used. */
export class Tester implements AsyncDisposable {
  readonly #target: Target
  readonly #name: string
  readonly #end: (() => Promise<void> | void)[] = []
  #client: RawClient | undefined

  /** `name`: the case's own, in this run. */
  constructor(target: Target, name: string) {
    this.#target = target
    this.#name = name
  }

  /** A connection of the case's own. */
  get client(): RawClient {
    this.#client ??= this.connect()
    return this.#client
  }

  get capabilities(): reapi.ServerCapabilities {
    return this.#target.capabilities
  }

  /** Our own server, as it is started without any configuration but a directory: for a look from behind. */
  get own(): OwnServer {
    return this.#target.own ?? this.notApplicable('needs a look at the server’s files or processes')
  }

  /** Another connection; `server` if it is not the server under test. Closed when the case is over. */
  connect(server?: OwnServer): RawClient {
    const { address, secure, instance } = server ?? this.#target
    const client = new RawClient(address, { secure, instance })
    this.finally(() => client[Symbol.dispose]())
    return client
  }

  /** A server of ours with settings that this case needs, by their keys in config.yaml. Stopped when the case is over. */
  async ownServer(settings: Settings = {}): Promise<OwnServer> {
    if (this.#target.own === undefined) {
      this.notApplicable(`needs a server with settings of its own: ${Object.keys(settings).join(', ') || 'none'}`)
    }
    const server = await OwnServer.start(settings)
    this.finally(() => server.stop())
    return server
  }

  /**
   * For a case that would keep others waiting, or needs a gorego with these settings: a connection to a server of its own,
   * or to the remote one as it is.
   */
  async spareClient(settings: Settings = {}): Promise<RawClient> {
    return this.#target.own === undefined ? this.client : this.connect(await this.ownServer(settings))
  }

  /** To be done when the case is over, however that comes; the last one first. */
  finally(action: () => Promise<void> | void): void {
    this.#end.push(action)
  }

  notApplicable(why: string): never {
    throw new NotApplicable(why)
  }

  /** Text that is different in every case of every run, and the same whenever this case asks for it. */
  unique(text = ''): string {
    return `${this.#name} ${text}`
  }

  /** A small blob of unique text, or one of so many bytes that look random. */
  blob(content: string | number, fn: DigestFunction = SHA256): TestBlob {
    if (typeof content === 'number') return blobOfSize(content, this.unique(), fn)
    return blobOf(this.unique(content), fn)
  }

  /** An action that no other case has, and the same whenever this case asks for it. */
  action(messages: ActionMessages): BuiltAction {
    return buildAction({ salt: this.unique(), ...messages })
  }

  /** One that runs `/bin/sh -c script`. */
  shell(script: string, messages: ActionMessages = {}): BuiltAction {
    return shell(script, { salt: this.unique(), ...messages })
  }

  /** Uploads an action and executes it to the end; a script is that of a `shell`. */
  async run(action: SentAction | string, messages: ActionMessages = {}): Promise<Seen> {
    return await run(this.client, typeof action === 'string' ? this.shell(action, messages) : action)
  }

  /** Something for commands to wait for. Only a server on this machine can be told to go on: `server`, or our own. */
  gate(server?: OwnServer): Gate {
    if (server === undefined && this.#target.own === undefined) this.notApplicable('needs to hold commands up')
    const directory = temporaryDirectory()
    this.finally(() => directory[Symbol.dispose]())
    return new Gate(directory.path)
  }

  /** A SHA-256 hash that nobody has a blob for. */
  strangeHash(text = ''): string {
    return createHash('sha256').update(this.unique(text)).update('strange').digest('hex')
  }

  needsExecution(): void {
    if (this.capabilities.getExecutionCapabilities()?.getExecEnabled() !== true) {
      this.notApplicable('the server executes nothing')
    }
  }

  needsZstd(): void {
    const compressors = this.capabilities.getCacheCapabilities()?.getSupportedCompressorsList() ?? []
    if (!compressors.includes(reapi.Compressor.Value.ZSTD)) this.notApplicable('the server advertises no zstd')
  }

  needsDigestFunction(value: reapi.DigestFunctionValue, name: string): void {
    const functions = this.capabilities.getCacheCapabilities()?.getDigestFunctionsList() ?? []
    if (!functions.includes(value)) this.notApplicable(`the server does not advertise ${name}`)
  }

  /** What a server of the case's own says of itself. */
  async capabilitiesOf(server: OwnServer): Promise<reapi.ServerCapabilities> {
    return await capabilitiesOf(this.connect(server))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const action of this.#end.reverse()) await action()
  }
}
