import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HeapProbe } from '@gorego/bench/heap-probe'
import { onExit } from '../e2e/gorego-process.js'
import { TortureClient } from '../torture/client.js'
import { batch, execute, type Load, relyOnBlobs, relyOnResults, upload } from '../torture/clients.js'
import { type Attack, attacked } from '../torture/hostile-server.js'
import { Ledger } from '../torture/ledger.js'
import { Random } from '../torture/random.js'
import type { Figures } from '../torture/scenario.js'
import type { Course } from './flat.js'
import { MemoryLog } from './memory.js'
import { scrape, visits } from './visitors.js'

export interface SoakOptions {
  readonly seconds: number
  /** What the numbers must have shown; it goes on until they have, for twenty times as long at most. */
  readonly isEnough?: (numbers: Readonly<Record<string, number>>) => boolean
  readonly seed: number
  /** How many processes speak gRPC. */
  readonly frontEnds: number
  /** What the cache may hold, in bytes. Small by default, so that it evicts from the first minute on. */
  readonly maxBytes?: number
  /** A line for whoever watches. */
  readonly log: (line: string) => void
}

export interface SoakFigures extends Figures {
  readonly courses: Readonly<Record<string, Course>>
}

const MAX_BYTES = 200_000_000
/** A hundredth of the cache. */
const LARGEST_SHARE = 0.01
const GRACE_SECONDS = 1

/** How long it may take to see enough, in what was asked for: on a machine that is busy with other things it may take a while. */
const MOST_PARTS = 20

/** What the load remembers of what it sent. */
const REMEMBERED = 2_000

/** Often enough for the shortest soak to have some in each third. */
const READINGS_AT_LEAST = 12
const READ_EVERY_MS = 5_000
const LINE_EVERY_MS = 30_000

/** The clients that stay: uploads, actions, and readers that come for what they were told is there. */
const residents = [upload, batch, execute, execute, relyOnBlobs, relyOnResults]

/**
 * One server under everything at once, with eviction on, for as long as one likes: afterwards it holds no descriptor, process,
 * file or operation more than before, and its memory has not grown.
 */
export async function soak(options: SoakOptions): Promise<SoakFigures> {
  const { seconds, isEnough = () => true, seed, frontEnds, maxBytes = MAX_BYTES, log } = options
  const place = mkdtempSync(join(tmpdir(), 'gorego-soak-'))
  const remove = () => rmSync(place, { recursive: true, force: true })
  const forget = onExit(remove)
  const probe = new HeapProbe(join(place, 'heap.json'))
  const http = join(place, 'http.sock')
  let courses: Readonly<Record<string, Course>> = {}
  try {
    const figures = await attacked(
      async (attack) => {
        const memory = new MemoryLog(attack.server.pid, probe)
        const ledger = await putToWork(attack, {
          seconds,
          isEnough,
          maxBytes,
          random: new Random(seed),
          memory,
          http,
          log,
        })
        attack.problems.push(...ledger.problems)
        courses = memory.courses()
        return ledger.numbers
      },
      {
        env: {
          NODE_OPTIONS: probe.flags.join(' '),
          GOREGO_FRONT_ENDS: String(frontEnds),
          GOREGO_HTTP_LISTEN_ADDR: `unix:${http}`,
          GOREGO_LOCAL_CACHE_MAX_SIZE_GB: String(maxBytes / 1e9),
          GOREGO_LOCAL_CACHE_GRACE_SECONDS: String(GRACE_SECONDS),
        },
      },
    )
    return { ...figures, courses }
  } finally {
    remove()
    forget()
  }
}

interface Work {
  readonly seconds: number
  readonly isEnough: (numbers: Readonly<Record<string, number>>) => boolean
  readonly maxBytes: number
  readonly random: Random
  readonly memory: MemoryLog
  readonly http: string
  readonly log: (line: string) => void
}

async function putToWork(attack: Attack, work: Work): Promise<Ledger> {
  const { seconds, isEnough, maxBytes, random, memory, http, log } = work
  const { address, port } = attack.server
  const ledger = new Ledger()
  const started = performance.now()
  const isOver = () => {
    const parts = (performance.now() - started) / (seconds * 1000)
    return parts >= MOST_PARTS || (parts >= 1 && isEnough(ledger.numbers))
  }
  using client = new TortureClient(address)
  const load = (): Load => ({
    client,
    ledger,
    random: random.fork(),
    graceMs: GRACE_SECONDS * 1000,
    largest: Math.floor(maxBytes * LARGEST_SHARE),
    stopped: isOver,
  })
  const working = residents.map((resident) => resident(load()))
  const visiting = random.fork()
  const visitors = Object.entries(visits).map(async ([what, { everyMs, once }]) => {
    const own = visiting.fork()
    while (!isOver()) {
      await counted(ledger, what, () => once({ port, random: own }))
      await pause(everyMs)
    }
  })
  const watching = (async () => {
    const every = Math.min(READ_EVERY_MS, (seconds * 1000) / READINGS_AT_LEAST)
    let lineAt = started
    while (!isOver()) {
      await pause(every)
      ledger.keepNewest(REMEMBERED)
      await counted(ledger, 'scrapes of the metrics', async () => {
        ledger.numbers.evictions = metric(await scrape(http), 'gorego_janitor_evictions_total')
      })
      await memory.read()
      if (performance.now() < lineAt) continue
      lineAt = performance.now() + LINE_EVERY_MS
      log(line((performance.now() - started) / 1000, memory, ledger))
    }
  })()
  await Promise.all([...working, ...visitors, watching])
  return ledger
}

/** A visit that the cache had no room for is one, too. */
async function counted(ledger: Ledger, what: string, once: () => Promise<void>): Promise<void> {
  try {
    await once()
    ledger.count(what)
  } catch (error) {
    if (/RESOURCE_EXHAUSTED|"code":8\b|evicted/.test(String(error))) ledger.count('visits refused for want of room')
    else ledger.complain(`${what}: ${(error as Error).message}`)
  }
}

function metric(text: string, name: string): number {
  const found = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)
  if (found === null) throw new Error(`there is no ${name} among the metrics`)
  return Number(found[1])
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

function line(seconds: number, { last }: MemoryLog, { numbers, problems }: Ledger): string {
  const { heap = 0, tree = 0 } = last ?? {}
  const actions = numbers['acknowledged actions'] ?? 0
  return `${Math.round(seconds)} s: heap ${megabytes(heap)}, all processes ${megabytes(tree)}; ${actions} actions, ${numbers['acknowledged blobs']} blobs, ${problems.length} problems`
}
