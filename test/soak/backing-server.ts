import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { type GoregoProcess, startGorego } from '../e2e/gorego-process.js'
import { TortureClient } from '../torture/client.js'
import type { Ledger } from '../torture/ledger.js'

const MB = 1_000_000

/** Of blobs that are asked for in one call. */
const ASKED_AT_ONCE = 500

/** For so long after it was away a server in front may still be waiting for an answer, or leave it alone. */
const AFTERMATH_MS = 15_000

/** The cache behind: a gorego with room for everything, that is killed again and again and comes back at the same address. */
export class BackingServer {
  readonly #dir: string
  #process: GoregoProcess | undefined
  #address: string
  #kills = 0
  #awayUntil = Number.NEGATIVE_INFINITY

  private constructor(dir: string, process: GoregoProcess) {
    this.#dir = dir
    this.#process = process
    this.#address = process.address
  }

  /** `place`: a directory for its data. */
  static async start(place: string): Promise<BackingServer> {
    const dir = join(place, 'behind')
    mkdirSync(dir, { recursive: true })
    return new BackingServer(dir, await start(dir))
  }

  get address(): string {
    return this.#address
  }

  get kills(): number {
    return this.#kills
  }

  get isAway(): boolean {
    return this.#process === undefined
  }

  /** Whether it is away, or was a moment ago. */
  get wasAway(): boolean {
    return this.isAway || performance.now() < this.#awayUntil + AFTERMATH_MS
  }

  /** SIGKILL, and after a while another one. */
  async restart(awayMs: number): Promise<void> {
    await this.#process?.kill()
    this.#process = undefined
    this.#kills++
    await pause(awayMs)
    this.#process = await start(this.#dir, this.#address.replace('grpc://', ''))
    this.#awayUntil = performance.now()
  }

  /** Of all that the front end has acknowledged, what is not here. */
  async complainOfMissing(ledger: Ledger): Promise<void> {
    using client = new TortureClient(this.#address)
    const promised = [...ledger.blobs.values()].map(({ digest }) => digest)
    for (let at = 0; at < promised.length; at += ASKED_AT_ONCE) {
      const asked = promised.slice(at, at + ASKED_AT_ONCE)
      const missing = await client.findMissing(asked)
      ledger.count('blobs that were looked for behind', asked.length)
      for (const digest of asked) if (missing.has(digest.key)) ledger.complain(`blob ${digest} did not get behind`)
    }
    for (const { digest, answered } of ledger.actions.values()) {
      if (!answered) continue
      ledger.count('results that were looked for behind')
      if ((await client.actionResult(digest)) === undefined)
        ledger.complain(`the result of ${digest} did not get behind`)
    }
  }

  async close(): Promise<void> {
    await this.#process?.kill()
    this.#process = undefined
  }
}

function start(dir: string, listen?: string): Promise<GoregoProcess> {
  return startGorego(['--log-level', 'warn'], {
    dir,
    ...(listen === undefined ? {} : { listen }),
    env: {
      GOREGO_EXECUTION_ENABLED: 'false',
      GOREGO_LOCAL_CACHE_MAX_SIZE_GB: String((8_000 * MB) / 1e9),
    },
  })
}
