import { reapi } from '@gorego/core'
import type { Channel } from './channel.js'
import { type RemoteOperation, toRemoteOperation } from './remote-operation.js'

const SERVICE = '/google.longrunning.Operations'

/** One WaitOperation is asked to last so long; then another is sent, so that what is between us does not take it for dead. */
const WAIT_MS = 60_000

/** Which operations of a server are listed, and in what portions. */
export interface ListOptions {
  /** Only those that are done, or only those that are not. */
  readonly done?: boolean
  /** How many the server is asked for at a time; it may send fewer. Default: as many as it likes. */
  readonly pageSize?: number
}

/** google.longrunning.Operations of another server. */
export class RemoteOperations {
  readonly #channel: Channel
  readonly #instance: string

  constructor(channel: Channel, instance: string) {
    this.#channel = channel
    this.#instance = instance
  }

  /** Throws `not-found` for one that the server does not know, or no longer. */
  async get(name: string, signal?: AbortSignal): Promise<RemoteOperation> {
    return await this.#operation('GetOperation', new reapi.GetOperationRequest().setName(name), signal)
  }

  /** Those of the instance, in the server's order, page by page as they are wanted. */
  async *list({ done, pageSize = 0 }: ListOptions = {}, signal?: AbortSignal): AsyncGenerator<RemoteOperation> {
    const request = new reapi.ListOperationsRequest()
      .setName(this.#instance === '' ? '' : `${this.#instance}/operations`)
      .setPageSize(pageSize)
      .setFilter(done === undefined ? '' : `done=${done}`)
    do {
      const parse = reapi.ListOperationsResponse.deserializeBinary
      const page = await this.#channel.unary(`${SERVICE}/ListOperations`, request, parse, signal)
      yield* page.getOperationsList().map(toRemoteOperation)
      request.setPageToken(page.getNextPageToken())
    } while (request.getPageToken() !== '')
  }

  /** Cancels it for everybody who waits for it. One that is done already stays as it is. */
  async cancel(name: string, signal?: AbortSignal): Promise<void> {
    const request = new reapi.CancelOperationRequest().setName(name)
    await this.#channel.unary(`${SERVICE}/CancelOperation`, request, reapi.Empty.deserializeBinary, signal)
  }

  /** Waits until it is done. The server does the waiting: nothing is asked for again and again. */
  async wait(name: string, signal?: AbortSignal): Promise<RemoteOperation> {
    for (;;) {
      const request = new reapi.WaitOperationRequest().setName(name).setTimeout(reapi.durationFromMillis(WAIT_MS))
      const operation = await this.#operation('WaitOperation', request, signal)
      if (operation.done) return operation
    }
  }

  async #operation(
    method: string,
    request: reapi.GetOperationRequest | reapi.WaitOperationRequest,
    signal: AbortSignal | undefined,
  ): Promise<RemoteOperation> {
    const parse = reapi.Operation.deserializeBinary
    return toRemoteOperation(await this.#channel.unary(`${SERVICE}/${method}`, request, parse, signal))
  }
}
