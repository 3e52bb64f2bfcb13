import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { onExit } from '@gorego/bench/clean-up'
import { HeapProbe } from '@gorego/bench/heap-probe'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { TortureClient } from '../torture/client.js'
import { batch, execute, type Load, relyOnBlobs, relyOnResults, upload } from '../torture/clients.js'
import { type Attack, attacked } from '../torture/hostile-server.js'
import { Ledger } from '../torture/ledger.js'
import { Random } from '../torture/random.js'
import type { Figures } from '../torture/scenario.js'
import { BackingServer } from './backing-server.js'
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
  /** Another gorego as the cache behind, which is killed and comes back all the time. */
  readonly backing?: boolean
  /** What the cache may hold, in bytes. Small by default, so that it evicts from the first minute on. */
  readonly maxBytes?: number
  /** A line for whoever watches. */
  readonly log: (line: string) => void
}

export interface SoakFigures extends Figures {
  readonly courses: Readonly<Record<string, Course>>
}

const MAX_BYTES = 200_000_000
/** Its load is slower. */
const MAX_BYTES_WITH_BACKING = 40_000_000
/** A hundredth of the cache. */
const LARGEST_SHARE = 0.01
const GRACE_SECONDS = 1

/** How long it may take to see enough, beyond what was asked for: on a machine that is busy with other things it may take a while. */
const BEYOND_MS = 2 * HANG_BOUND_MS

/** What the load remembers of what it sent. */
const REMEMBERED = 2_000

/** Often enough for the shortest soak to have some in each third. */
const READINGS_AT_LEAST = 12
const READ_EVERY_MS = 5_000
const LINE_EVERY_MS = 30_000

/** So that what comes while the cache behind is away is not more than may wait for it, a quarter of the cache in front. */
const PACE_MS = { there: 50, away: 3_000 }
const COMING_AND_GOING = { short: { upMs: 3_000, awayMs: 500 }, long: { upMs: 25_000, awayMs: 3_000 } }

const LOOK_EVERY_MS = 100

/** The clients that stay: uploads, actions, and readers that come for what they were told is there. */
const residents = [upload, batch, execute, execute, relyOnBlobs, relyOnResults]

/**
 * One server under everything at once, with eviction on, for as long as one likes: afterwards it holds no descriptor, process,
 * file or operation more than before, and its memory has not grown.
 */
export async function soak(options: SoakOptions): Promise<SoakFigures> {
  const { seconds, isEnough = () => true, seed, frontEnds, log } = options
  const { maxBytes = options.backing ? MAX_BYTES_WITH_BACKING : MAX_BYTES } = options
  let backing: BackingServer | undefined
  const place = mkdtempSync(join(tmpdir(), 'gorego-soak-'))
  // The cache behind may still be dying, and write.
  const remove = () => rmSync(place, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 })
  const forget = onExit(remove)
  const probe = new HeapProbe(join(place, 'heap.json'))
  const http = join(place, 'http.sock')
  let courses: Readonly<Record<string, Course>> = {}
  try {
    backing = options.backing ? await BackingServer.start(place) : undefined
    const figures = await attacked(
      async (attack) => {
        const memory = new MemoryLog(attack.server.pid, probe)
        const ledger = await putToWork(attack, {
          seconds,
          isEnough,
          maxBytes,
          backing,
          random: new Random(seed),
          memory,
          http,
          log,
        })
        if (backing !== undefined) await allIsBehind(backing, ledger, http)
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
          ...(backing && { GOREGO_BACKING_CACHE_TARGET: backing.address }),
        },
      },
    )
    return { ...figures, courses }
  } finally {
    await backing?.close()
    remove()
    forget()
  }
}

interface Work {
  readonly seconds: number
  readonly isEnough: (numbers: Readonly<Record<string, number>>) => boolean
  readonly maxBytes: number
  readonly backing: BackingServer | undefined
  readonly random: Random
  readonly memory: MemoryLog
  readonly http: string
  readonly log: (line: string) => void
}

async function putToWork(attack: Attack, work: Work): Promise<Ledger> {
  const { seconds, isEnough, maxBytes, backing, random, memory, http, log } = work
  const { address, port } = attack.server
  const ledger = new Ledger()
  const started = performance.now()
  const isOver = () => {
    const beyondMs = performance.now() - started - seconds * 1000
    return beyondMs >= BEYOND_MS || (beyondMs >= 0 && isEnough(ledger.numbers))
  }
  let catchingUp = false
  const isExcused = (error: unknown) =>
    backing?.wasAway === true && /is missing|NOT_FOUND|UNAVAILABLE/.test(String(error))
  using client = new TortureClient(address)
  const load = (): Load => ({
    client,
    ledger,
    random: random.fork(),
    // What is behind is promised, too, and may be gone with it.
    graceMs: backing === undefined ? GRACE_SECONDS * 1000 : 0,
    largest: Math.floor(maxBytes * LARGEST_SHARE),
    stopped: isOver,
    ...(backing && { paceMs: () => (catchingUp ? PACE_MS.away : PACE_MS.there), isExcused }),
  })
  const working = residents.map((resident) => resident(load()))
  const visiting = random.fork()
  const visitors = Object.entries(visits).map(async ([what, { everyMs, once }]) => {
    const own = visiting.fork()
    while (!isOver()) {
      await counted(ledger, what, () => once({ port, random: own }), isExcused)
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
  const killing = (async () => {
    const { upMs, awayMs } = seconds < 60 ? COMING_AND_GOING.short : COMING_AND_GOING.long
    while (backing !== undefined && !isOver()) {
      await pause(upMs)
      catchingUp = true
      await backing.restart(awayMs)
      await nothingPends(ledger, http)
      catchingUp = false
      ledger.count('kills of the cache behind')
    }
  })()
  await Promise.all([...working, ...visitors, watching, killing])
  return ledger
}

/** Waits until everything that is still to be stored behind is there. */
async function nothingPends(ledger: Ledger, http: string): Promise<void> {
  const giveUpAt = performance.now() + HANG_BOUND_MS
  let pending = Number.POSITIVE_INFINITY
  while (pending > 0 && performance.now() < giveUpAt) {
    pending = metric(await scrape(http), 'gorego_backing_pending')
    await pause(LOOK_EVERY_MS)
  }
  if (pending > 0) ledger.complain(`${pending} blobs and results are still to be stored in the cache behind`)
}

/** Everything gets behind, and then everything is there that was acknowledged. */
async function allIsBehind(backing: BackingServer, ledger: Ledger, http: string): Promise<void> {
  await nothingPends(ledger, http)
  const text = await scrape(http)
  for (const outcome of ['done', 'dropped']) {
    const jobs = metric(text, `gorego_backing_jobs_total\\{outcome="${outcome}"\\}`)
    ledger.numbers[`stored in the cache behind, ${outcome}`] = jobs
  }
  await backing.complainOfMissing(ledger)
}

/** A visit that the cache had no room for is one, too. */
async function counted(
  ledger: Ledger,
  what: string,
  once: () => Promise<void>,
  isExcused: (error: unknown) => boolean = () => false,
): Promise<void> {
  try {
    await once()
    ledger.count(what)
  } catch (error) {
    if (/RESOURCE_EXHAUSTED|"code":8\b|evicted/.test(String(error))) ledger.count('visits refused for want of room')
    else if (isExcused(error)) ledger.count('visits that failed for want of what is behind')
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
