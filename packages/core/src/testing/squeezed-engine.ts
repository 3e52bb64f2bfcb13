import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { LocalActionCache, withCompleteness } from '../action-cache/index.js'
import { LocalStore } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { type OperationState, type Outcome, TaskScheduler } from '../scheduler/index.js'
import { createActionLookup, LocalWorker, pinActions } from '../worker/index.js'
import { type ActionMessages, type BuiltAction, buildAction } from './action-builder.js'
import { blobOfSize } from './blobs.js'
import { FakeClock } from './fake-clock.js'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.js'

const BLOCK = 4096
const GRACE_MS = 10_000

export interface SqueezedEngineOptions {
  /** Of the store's budget. Default 60. */
  readonly blocks?: number
  /** Default 10 s. */
  readonly graceMs?: number
  /** Where input roots are, if not in the store's directory. */
  readonly buildRoot?: string
}

/** An action that was accepted. */
export interface Accepted {
  readonly action: BuiltAction
  readonly state: OperationState
  readonly ended: Promise<Outcome>
}

/** Store, caches, scheduler and a worker of one slot, over a small cache whose time stands still: a test has everything evicted that may go, when it likes. */
export class SqueezedEngine implements AsyncDisposable {
  readonly clock: FakeClock
  readonly store: LocalStore
  /** As the worker and the look-up use it; a test may replace its methods. */
  readonly results: LocalActionCache
  readonly worker: LocalWorker
  readonly scheduler: TaskScheduler
  readonly #directory: TemporaryDirectory
  readonly #graceMs: number
  readonly #pin: Disposable
  #fillers = 0
  #paths = 0

  private constructor(
    directory: TemporaryDirectory,
    store: LocalStore,
    clock: FakeClock,
    options: SqueezedEngineOptions,
  ) {
    this.#directory = directory
    this.clock = clock
    this.store = store
    this.#graceMs = options.graceMs ?? GRACE_MS
    this.results = new LocalActionCache(store.layout, store.workDirectory('results'))
    const actionCache = withCompleteness(this.results, store)
    const { buildRoot } = options
    this.worker = new LocalWorker({ store, actionCache, slots: 1, ...(buildRoot === undefined ? {} : { buildRoot }) })
    const lookup = createActionLookup({ cas: store, actionCache })
    this.scheduler = new TaskScheduler({ executor: this.worker, lookup, clock })
    this.#pin = pinActions({ store, actions: () => this.scheduler.underWay() })
  }

  static async open(options: SqueezedEngineOptions = {}): Promise<SqueezedEngine> {
    const { blocks = 60, graceMs = GRACE_MS } = options
    const directory = temporaryDirectory()
    const clock = new FakeClock()
    const store = await LocalStore.open({
      dir: join(directory.path, 'store'),
      maxBytes: blocks * BLOCK,
      graceMs,
      clock,
    })
    await store.loaded
    return new SqueezedEngine(directory, store, clock, options)
  }

  /** A path that nothing uses. */
  path(name: string): string {
    return join(this.#directory.path, `${name}-${this.#paths++}`)
  }

  /** Uploads an action and has it accepted. */
  async accept(messages: ActionMessages): Promise<Accepted> {
    const action = buildAction(messages)
    await action.upload(this.store)
    const { name } = await this.scheduler.execute({ instance: '', action: action.digest })
    const ended = new Promise<Outcome>((resolve) => {
      this.scheduler.subscribe(name, ({ outcome }) => {
        if (outcome !== undefined) resolve(outcome)
      })
    })
    const { scheduler } = this
    return {
      action,
      get state() {
        return scheduler.get(name)
      },
      ended,
    }
  }

  /** As `accept`, for `/bin/sh -c script`. */
  sh(script: string, messages: ActionMessages = {}): Promise<Accepted> {
    return this.accept({ argv: ['/bin/sh', '-c', script], ...messages })
  }

  /** Lets every promise lapse, and writes as much as the cache may hold. */
  async squeeze(): Promise<void> {
    this.clock.advance(this.#graceMs)
    await this.fill()
  }

  /** Writes as much as the cache may hold, or as fits. */
  async fill(): Promise<void> {
    for (let left = this.store.usage.maxBytes / BLOCK; left > 0; left--) {
      const { digest, bytes } = blobOfSize(BLOCK, `filler ${this.#fillers++}`)
      try {
        await this.store.write(digest, bytes)
      } catch (error) {
        if (error instanceof GoregoError && error.code === 'resource-exhausted') return
        throw error
      }
    }
  }

  isOnDisk(digest: Digest): boolean {
    return existsSync(this.store.layout.blob(digest))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scheduler.close()
    await this.worker[Symbol.asyncDispose]()
    this.#pin[Symbol.dispose]()
    this.store[Symbol.dispose]()
    this.#directory[Symbol.dispose]()
  }
}
