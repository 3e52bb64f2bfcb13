import { setTimeout as pause } from 'node:timers/promises'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { TortureClient } from './client.js'
import { batch, execute, type Load, upload } from './clients.js'
import { Ledger } from './ledger.js'
import { Random } from './random.js'
import type { Figures, Run, Scenario } from './scenario.js'
import { TorturedServer } from './tortured-server.js'

const MIB = 1024 * 1024

/** A cache in which nothing is evicted, and one in which something is all the time. */
const CACHES = {
  roomy: { maxSizeGb: 20, graceSeconds: 300, largest: 3 * MIB },
  tight: { maxSizeGb: 0.01, graceSeconds: 3, largest: MIB / 2 },
} as const

/**
 * Servers are killed at any moment, alone or with all their processes, and started again on the same directory. A cache
 * whose last server was killed is looked at before anything new is sent to it.
 */
export const crashServer: Scenario = {
  name: 'crash-server',
  about:
    'kill -9 while it uploads, executes and evicts: what was acknowledged is there and whole, nothing else is left',
  rounds: 50,
  async run({ seed, rounds, log }: Run): Promise<Figures> {
    const random = new Random(seed)
    const caches = [new Cache('roomy'), new Cache('tight')]
    try {
      for (let round = 0; round < rounds; round++) {
        const cache = caches[round % caches.length] as Cache
        const what = random.pick(['server', 'tree'] as const)
        await cache.round(random, what)
        log(
          `round ${round + 1}: killed the ${what} of the ${cache.kind} cache; ${cache.ledger.blobs.size} blobs promised`,
        )
      }
      for (const cache of caches) await cache.end()
    } finally {
      for (const cache of caches) await cache.server.close()
    }
    return total(rounds, caches)
  },
}

class Cache {
  readonly ledger = new Ledger()
  readonly server: TorturedServer
  readonly #graceMs: number
  readonly #largest: number

  constructor(readonly kind: keyof typeof CACHES) {
    const { maxSizeGb, graceSeconds, largest } = CACHES[kind]
    this.#graceMs = graceSeconds * 1000
    this.#largest = largest
    this.server = new TorturedServer({
      env: {
        GOREGO_LOCAL_CACHE_MAX_SIZE_GB: String(maxSizeGb),
        GOREGO_LOCAL_CACHE_GRACE_SECONDS: String(graceSeconds),
        GOREGO_EXECUTION_CONCURRENCY: '2',
      },
    })
  }

  /** Starts it, sees what the last kill has left, and kills it again in the middle of everything. */
  async round(random: Random, what: 'server' | 'tree'): Promise<void> {
    const { address } = await this.server.start()
    using client = new TortureClient(address)
    await this.#check(client, { all: false })
    const clients = [upload, batch, execute, execute, execute]
    let stopped = false
    const working = clients.map((work) => work(this.#load(client, random.fork(), () => stopped)))
    if (random.chance(0.5)) await this.#firstAction()
    await pause(random.between(0, 800))
    await this.server.kill(what)
    stopped = true
    await Promise.all(working)
    this.ledger.count(`kills of the ${what}`)
  }

  /** Half of the rounds go on at least until the first action is done, which on a busy machine takes its time. */
  async #firstAction(): Promise<void> {
    const before = this.ledger.numbers['acknowledged actions'] ?? 0
    const giveUpAt = performance.now() + HANG_BOUND_MS
    while ((this.ledger.numbers['acknowledged actions'] ?? 0) === before && performance.now() < giveUpAt)
      await pause(10)
  }

  /** The last look, and an orderly end. */
  async end(): Promise<void> {
    const { address } = await this.server.start()
    using client = new TortureClient(address)
    await this.#check(client, { all: true })
    await this.server.stop()
    const left = this.server.leftovers()
    if (left.length > 0) this.ledger.complain(`an orderly end leaves ${left.join(', ')}`)
  }

  async #check(client: TortureClient, { all }: { all: boolean }): Promise<void> {
    const { ledger, server } = this
    // The next server has to get along with what the last one’s processes are still doing.
    const orphans = await server.orphans()
    if (orphans.length > 0) ledger.complain(`processes ${orphans.join(', ')} outlive the server that was killed`)
    for (const path of [...server.leftovers(), ...(await server.underWay())]) {
      ledger.complain(`${path} is left of a server that was killed`)
    }
    const keptMs = this.kind === 'roomy' ? Number.POSITIVE_INFINITY : this.#graceMs
    await ledger.checkBlobs(client, { keptMs, all })
    await ledger.checkActions(client, { keptMs, all: this.kind === 'roomy' })
    ledger.actions.clear()
  }

  #load(client: TortureClient, random: Random, stopped: () => boolean): Load {
    return { client, random, stopped, ledger: this.ledger, graceMs: this.#graceMs, largest: this.#largest }
  }
}

function total(rounds: number, caches: readonly Cache[]): Figures {
  const numbers: Record<string, number> = { rounds, 'lost blobs': 0 }
  for (const { ledger } of caches) {
    for (const [name, value] of Object.entries(ledger.numbers)) numbers[name] = (numbers[name] ?? 0) + value
  }
  return {
    numbers,
    problems: caches.flatMap(({ kind, ledger }) => ledger.problems.map((problem) => `${kind}: ${problem}`)),
  }
}
