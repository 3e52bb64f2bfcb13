import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MemoryActionCache } from '../action-cache/index.js'
import { LocalStore } from '../cas/index.js'
import { type Digest, type DigestFunction, SHA256 } from '../digest/index.js'
import { fromDigestMessage } from '../proto/digests.js'
import { ActionResult, type Digest as DigestMessage } from '../proto/messages.js'
import type { Outcome } from '../scheduler/index.js'
import { LocalWorker, type LocalWorkerOptions, openSandbox } from '../worker/index.js'
import { type ActionMessages, type BuiltAction, buildAction } from './action-builder.js'
import { HANG_BOUND_MS } from './hang-bound.js'

export interface RunOptions {
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
  readonly instance?: string
  readonly network?: boolean
  /** Default SHA-256. */
  readonly fn?: DigestFunction
  /** When the action needs its slot no longer. */
  readonly onFreed?: () => void
}

/** What became of an action, with the result in readable form. */
export interface Ran {
  readonly action: BuiltAction
  readonly outcome: Outcome
  /** Empty where there is none. */
  readonly result: ActionResult
  readonly stdout: string
  readonly stderr: string
}

/** A LocalWorker with a store of its own in a new temporary directory, for gorego's own tests. */
export class WorkerRig implements AsyncDisposable {
  /** Holds the store (`store`), and whatever else a test puts there. */
  readonly directory: string
  readonly store: LocalStore
  readonly cache = new MemoryActionCache()
  readonly worker: LocalWorker

  private constructor(directory: string, store: LocalStore, options: Partial<LocalWorkerOptions>) {
    this.directory = directory
    this.store = store
    this.worker = new LocalWorker({ slots: 1, store, actionCache: this.cache, ...options })
  }

  /** `mounts`: has actions run in bubblewrap, which shows them these paths, too. `kept`: whether for one after the other; as it works here. */
  static async open(
    options: Partial<LocalWorkerOptions> = {},
    mounts?: readonly string[],
    kept?: boolean,
  ): Promise<WorkerRig> {
    const directory = mkdtempSync(join(tmpdir(), 'gorego-rig-'))
    try {
      const store = await LocalStore.open({ dir: join(directory, 'store') })
      if (mounts === undefined) return new WorkerRig(directory, store, options)
      const sandbox = await openSandbox({ store, choice: 'bubblewrap', mounts })
      if (sandbox === undefined) throw new Error('there is no sandbox')
      return new WorkerRig(directory, store, { ...options, sandbox: { ...sandbox, kept: kept ?? sandbox.kept } })
    } catch (error) {
      rmSync(directory, { recursive: true })
      throw error
    }
  }

  /** With a store that is there already in a directory, both of which are the rig's from now on. */
  static around(directory: string, store: LocalStore, options: Partial<LocalWorkerOptions>): WorkerRig {
    return new WorkerRig(directory, store, options)
  }

  /** A path in the rig's directory that nothing else uses. */
  path(name: string): string {
    return join(this.directory, name)
  }

  /** Uploads an action and executes it, without a look into the cache. */
  async run(messages: ActionMessages, options: RunOptions = {}): Promise<Ran> {
    const action = buildAction(messages, options.fn)
    await action.upload(this.store)
    return await this.execute(action, messages.doNotCache ?? false, options)
  }

  /** As `run`, for `/bin/sh -c script`. */
  async sh(script: string, messages: ActionMessages = {}, options: RunOptions = {}): Promise<Ran> {
    return await this.run({ argv: ['/bin/sh', '-c', script], ...messages }, options)
  }

  /** Executes what was uploaded before. */
  async execute(action: BuiltAction, doNotCache = false, options: RunOptions = {}): Promise<Ran> {
    const { instance = '', timeoutMs = HANG_BOUND_MS, network = false, signal = new AbortController().signal } = options
    const { onFreed = () => {} } = options
    const run = {
      instance,
      action: action.digest,
      inputRoot: action.inputRootDigest,
      doNotCache,
      timeoutMs,
      network,
      queuedAt: Date.now(),
      onFreed,
    }
    const outcome = await this.worker.execute(run, signal)
    const result = ActionResult.deserializeBinary(outcome.result ?? new Uint8Array(0))
    const stdout = await this.text(result.getStdoutDigest(), action.digest.fn)
    const stderr = await this.text(result.getStderrDigest(), action.digest.fn)
    return { action, outcome, result, stdout, stderr }
  }

  /** The blob that a message of a result points to. */
  async bytes(digest: DigestMessage | undefined, fn = SHA256): Promise<Uint8Array> {
    return digest === undefined ? new Uint8Array(0) : await this.store.get(this.digest(digest, fn))
  }

  async text(digest: DigestMessage | undefined, fn = SHA256): Promise<string> {
    return Buffer.from(await this.bytes(digest, fn)).toString()
  }

  digest(message: DigestMessage | undefined, fn = SHA256): Digest {
    return fromDigestMessage(fn, message, 'a digest of the result')
  }

  /** Ends the runners and removes everything; returns what was left in the store's place for work under way. */
  async close(): Promise<string[]> {
    await this.worker[Symbol.asyncDispose]()
    this.store[Symbol.dispose]()
    const left = readdirSync(join(this.directory, 'store', 'run'))
    rmSync(this.directory, { recursive: true, force: true })
    return left
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
