import type {
  ExecuteRequest,
  ListOptions,
  OperationListener,
  OperationPage,
  OperationState,
  Scheduler,
} from '@gorego/core'
import type { Channel } from './channel.js'
import type { Message } from './frames.js'
import { type PlainState, stateOf, toPlainRequest, unpackStates } from './plain-operation.js'

/** A page of operations as it comes over the channel. */
export interface PlainPage {
  readonly states: readonly PlainState[]
  readonly nextPageToken?: string
}

/** The scheduler of another process. */
export class RemoteScheduler implements Scheduler {
  readonly #channel: Channel

  constructor(channel: Channel) {
    this.#channel = channel
  }

  start(request: ExecuteRequest, listener: OperationListener): Promise<Disposable> {
    return this.#follow('start', toPlainRequest(request), listener)
  }

  subscribe(name: string, listener: OperationListener): Promise<Disposable> {
    return this.#follow('subscribe', name, listener)
  }

  async get(name: string): Promise<OperationState> {
    return stateOf(await this.#channel.call('get', { head: name }))
  }

  async list(options: ListOptions = {}): Promise<OperationPage> {
    const { head, bytes = new Uint8Array(0) } = await this.#channel.call('list', { head: options })
    const { states, ...page } = head as PlainPage
    return { ...page, operations: unpackStates(states, bytes) }
  }

  async cancel(name: string, reason?: string): Promise<void> {
    await this.#channel.call('cancel', { head: { name, reason } })
  }

  async delete(name: string): Promise<void> {
    await this.#channel.call('delete', { head: name })
  }

  /** Every answer is a state, the last one the completed one. Resolves with the first. */
  #follow(method: string, head: unknown, listener: OperationListener): Promise<Disposable> {
    return new Promise((resolve, reject) => {
      const abort = new AbortController()
      const subscription = { [Symbol.dispose]: () => abort.abort() }
      const hear = (message: Message) => {
        if (abort.signal.aborted) return
        listener(stateOf(message))
        resolve(subscription)
      }
      this.#channel.call(method, { head }, { signal: abort.signal, onNext: hear }).then(hear, reject)
    })
  }
}
