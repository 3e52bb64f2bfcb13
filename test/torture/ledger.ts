import type { Digest, reapi } from '@gorego/core'
import { CallError, type TortureClient } from './client.js'

/** When the server was asked, by `performance.now()`: its promise is at least that old, whatever it takes to answer. */
export interface Promised {
  readonly digest: Digest
  readonly askedAt: number
}

interface Answered {
  readonly isMissing: boolean
  /** For so long what is there stays, by `performance.now()`. */
  readonly until: number
}

/** What clients were promised, and what became of it. */
export class Ledger {
  /** Blobs that a server acknowledged, or said to be there, by key. */
  readonly blobs = new Map<string, Promised>()
  /** Blobs that were sent, acknowledged or not. */
  readonly sent = new Map<string, Digest>()
  /** Actions that were executed, by key; true for those that were answered with a result. */
  readonly actions = new Map<string, { readonly digest: Digest; answered: boolean }>()
  readonly problems: string[] = []
  readonly numbers: Record<string, number> = {}

  count(what: string, by = 1): void {
    this.numbers[what] = (this.numbers[what] ?? 0) + by
  }

  complain(problem: string): void {
    this.problems.push(problem)
  }

  promised(digest: Digest, askedAt: number): void {
    if (digest.sizeBytes > 0) this.blobs.set(digest.key, { digest, askedAt })
  }

  /** An upload was answered. */
  acknowledged(digest: Digest, askedAt: number): void {
    this.promised(digest, askedAt)
    this.count('acknowledged blobs')
    this.count('acknowledged bytes', digest.sizeBytes)
  }

  /** A call failed: because there is no server any more, because the cache is full (and says for how long), or wrongly. */
  failed(error: unknown, what: string, { graceMs }: { graceMs: number }): 'full' | 'gone' | 'wrong' {
    if (error instanceof CallError && (error.code === 'UNAVAILABLE' || error.code === 'CANCELLED')) return 'gone'
    if (error instanceof CallError && error.code === 'RESOURCE_EXHAUSTED') {
      this.count('refused for want of room')
      const { retryAfterMs } = error
      if (retryAfterMs === undefined || retryAfterMs <= 0 || retryAfterMs > Math.max(graceMs, 1000)) {
        this.complain(`${what} was refused with a RetryInfo of ${retryAfterMs} ms: ${error.message}`)
      }
      return 'full'
    }
    this.complain(`${what} failed: ${error}`)
    return 'wrong'
  }

  /** What came of an action: its result, or why there is none. Inputs that are missing were to be kept for the grace. */
  judge(
    response: reapi.ExecuteResponse,
    { askedAt, graceMs }: { askedAt: number; graceMs: number },
  ): reapi.ActionResult | 'missing' | 'failed' {
    const status = response.getStatus()
    const result = response.getResult()
    if (status === undefined || status.getCode() === 0) {
      if (result?.getExitCode() === 0) return result
      this.complain(`an action ended with ${result?.getExitCode()}`)
      return 'failed'
    }
    const error = CallError.fromStatus(status)
    if (error.code === 'FAILED_PRECONDITION') {
      this.count('actions whose inputs were evicted')
      const keptFor = performance.now() - askedAt
      if (keptFor < graceMs)
        this.complain(`inputs were evicted ${Math.round(keptFor)} ms after they were sent: ${error}`)
      return 'missing'
    }
    this.failed(error, 'an action', { graceMs })
    return 'failed'
  }

  /** Somebody came for what was promised. It may be gone only when the promise has run out. */
  redeem(promise: Promised, isThere: boolean, keptMs: number, at = performance.now()): void {
    const { digest, askedAt } = promise
    if (isThere) {
      this.count(at < askedAt + keptMs ? 'promises kept' : 'promises kept for longer')
      return
    }
    // Another client may have got a new promise meanwhile.
    if (this.blobs.get(digest.key) === promise) this.blobs.delete(digest.key)
    if (at >= askedAt + keptMs) {
      this.count('evicted blobs')
      return
    }
    this.count('lost blobs')
    this.complain(`blob ${digest} was promised ${Math.round(at - askedAt)} ms ago, and is missing`)
  }

  /** What is longest ago is not asked for any more: who works for hours cannot remember all of it. */
  keepNewest(most: number): void {
    for (const map of [this.blobs, this.sent, this.actions]) {
      for (const key of map.keys()) {
        if (map.size <= most) break
        map.delete(key)
      }
    }
  }

  /** Everything that was promised, looked up at once: what is gone was evicted. */
  async settle(client: TortureClient, keptMs: number): Promise<void> {
    const promises = [...this.blobs.values()]
    const missing = await client.findMissing(promises.map(({ digest }) => digest))
    const answeredAt = performance.now()
    for (const promise of promises) this.redeem(promise, !missing.has(promise.digest.key), keptMs, answeredAt)
  }

  /**
   * After a restart: every blob of which the promise still holds is there, what FindMissing says is what reads say, and
   * whatever is read is whole. `keptMs` is how long a promise holds. Without `all`, blobs that were read after an earlier
   * restart are only asked for.
   */
  async checkBlobs(client: TortureClient, { keptMs, all }: { keptMs: number; all: boolean }): Promise<void> {
    const asked = new Map(this.sent)
    for (const [key, { digest }] of this.blobs) asked.set(key, digest)
    const askedAt = performance.now()
    const missing = await client.findMissing([...asked.values()])
    const answeredAt = performance.now()
    for (const [key, digest] of asked) {
      const isMissing = missing.has(key)
      const promise = this.blobs.get(key)
      if (promise === undefined) this.count(isMissing ? 'interrupted uploads' : 'stored, but not acknowledged')
      else if (isMissing) this.redeem(promise, false, keptMs, answeredAt)
      if (all || this.sent.has(key)) await this.#checkRead(client, digest, { isMissing, until: askedAt + keptMs })
    }
    this.sent.clear()
  }

  /** Results parse and are complete; those that were answered are still known where nothing is evicted (`all`). */
  async checkActions(client: TortureClient, { keptMs, all }: { keptMs: number; all: boolean }): Promise<void> {
    for (const { digest, answered } of this.actions.values()) {
      const until = performance.now() + keptMs
      const result = await client.actionResult(digest).catch((error) => {
        this.complain(`the result of action ${digest} cannot be had: ${error}`)
        return undefined
      })
      if (result === undefined) {
        if (all && answered) this.complain(`the result of action ${digest} was returned, and is not cached`)
        continue
      }
      this.count('results that are complete')
      for (const output of await client.outputsOf(result))
        await this.#checkRead(client, output, { isMissing: false, until })
    }
  }

  async #checkRead(client: TortureClient, digest: Digest, { isMissing, until }: Answered): Promise<void> {
    try {
      const bytes = await client.read(digest)
      if (bytes !== undefined) this.count('blobs read back and hashed')
      else if (!isMissing && performance.now() >= until) return this.count('evicted blobs')
      if ((bytes === undefined) !== isMissing) {
        this.complain(
          `blob ${digest} is ${isMissing ? 'missing, and can be read' : 'said to be there, and cannot be read'}`,
        )
      }
    } catch (error) {
      this.complain(`blob ${digest}: ${error}`)
    }
  }
}
