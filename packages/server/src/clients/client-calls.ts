import { GoregoError } from '@gorego/core'
import type { Config } from '../config/config.js'

/** How long a client that has too much under way is asked to wait. */
const RETRY_AFTER_MS = 1000

/** What has an end that is told. */
export interface Ending {
  once(event: 'close', listener: () => void): unknown
}

/** How many calls each client has under way, so that none has more than its part: the one count of a process, for gRPC and HTTP. */
export class ClientCalls {
  readonly #max: number
  readonly #underWay = new Map<string, number>()

  constructor(max: number) {
    this.#max = max
  }

  /** Undefined where clients have no limits: then nobody has to know who is who. */
  static of({ limits }: Pick<Config, 'limits'>): ClientCalls | undefined {
    if (limits.calls === 0 && limits.queueShare === 1) return undefined
    return new ClientCalls(limits.calls === 0 ? Number.POSITIVE_INFINITY : limits.calls)
  }

  /** Counts a call until it ends. Throws `resource-exhausted` for one too many. */
  begin(client: string, call: Ending): void {
    const underWay = this.#underWay.get(client) ?? 0
    if (underWay >= this.#max)
      throw new GoregoError(
        'resource-exhausted',
        `this client has ${underWay} calls under way, as many as limits.calls allows; try again when one of them has ended`,
        { details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_MS }] },
      )
    this.#underWay.set(client, underWay + 1)
    call.once('close', () => this.#end(client))
  }

  #end(client: string): void {
    const left = (this.#underWay.get(client) ?? 1) - 1
    if (left === 0) this.#underWay.delete(client)
    else this.#underWay.set(client, left)
  }
}
