import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { type GoregoProcess, startGorego } from '../e2e/gorego-process.js'
import { build, openOperations } from './hostile-calls.js'
import { pathInInputRoot } from './input-root.js'
import type { Figures } from './scenario.js'

/** What a server holds of the machine, to be compared with itself. */
export interface Census {
  readonly descriptors: number
  /** Files and directories of what is under way. */
  readonly temporary: readonly string[]
  /** Processes below the server: a runner a slot, when nothing runs. */
  readonly processes: number
}

export interface Attack {
  readonly server: GoregoProcess
  /** Bytes of memory that the server has in use now. */
  readonly memory: () => number
  /** Whatever should not have happened. */
  readonly problems: string[]
}

/** What a call may end with whose client is at fault, or that did nothing wrong. Never UNKNOWN (2) or INTERNAL (13). */
export const CLIENT_FAULTS: ReadonlySet<number> = new Set([
  0 /* OK */, 1 /* CANCELLED */, 3 /* INVALID_ARGUMENT */, 5 /* NOT_FOUND */, 6 /* ALREADY_EXISTS */,
  8 /* RESOURCE_EXHAUSTED */, 9 /* FAILED_PRECONDITION */, 11 /* OUT_OF_RANGE */, 12 /* UNIMPLEMENTED */,
])

const SLOTS = 2

export interface AttackOptions {
  /** How often connections are asked whether somebody is there, in seconds. Clients that are busy may take a while to answer. */
  readonly keepalive?: number
  /** More variables for the server. */
  readonly env?: NodeJS.ProcessEnv
}

/**
 * Starts a server, does something bad to it, and then looks whether it has got over it: everything that it held is given
 * back, nobody's operation is still open, it has not complained, and the very same process serves a build as before.
 */
export async function attacked(
  attack: (attack: Attack) => Promise<Readonly<Record<string, number>>>,
  { keepalive = 60, env: more = {} }: AttackOptions = {},
): Promise<Figures> {
  const problems: string[] = []
  // What nobody waits for is given up after a second instead of a minute.
  const env = {
    GOREGO_EXECUTION_ABANDON_AFTER: '1',
    GOREGO_KEEPALIVE: String(keepalive),
    // What broke off waits for its client, and is then gone as well: after half a second.
    GOREGO_LOCAL_CACHE_PARTIAL_UPLOADS_KEEP_MINUTES: '0.01',
    ...more,
  }
  const server = await startGorego(['--concurrency', String(SLOTS)], { env })
  try {
    // All at the same time, each until all are there: a slot's process is started when it is first needed.
    const there = Array.from({ length: SLOTS }, (_, n) => join(server.dir, `there-${n}`))
    const meet = there.map((path) => `until [ -e ${path} ]; do sleep 0.01; done`).join('; ')
    await Promise.all(there.map((path) => build(server.port, `: > ${path}; ${meet}`)))
    const before = await settled(server)
    const numbers = await attack({ server, memory: () => residentBytes(server.pid), problems })
    problems.push(...(await aftermath(server, before)))
    return { numbers, problems }
  } finally {
    await server.stop().catch((error) => problems.push(String(error)))
  }
}

async function aftermath(server: GoregoProcess, before: Census): Promise<string[]> {
  try {
    const left = await until(async () => {
      const open = await openOperations(server.port)
      return [
        ...differences(before, await quietCensus(server)),
        ...open.map((operation) => `operation ${operation.getName()} is open`),
      ]
    })
    await build(server.port)
    const complaints = server.stderr.split('\n').filter((line) => /"level":("error"|50)|uncaught|unhandled/i.test(line))
    return [...left, ...complaints.map((line) => `the server logged ${line.slice(0, 500)}`)]
  } catch (error) {
    return [`the server does not serve any more: ${(error as Error).message}`, server.stderr.slice(-2000)]
  }
}

function differences(before: Census, now: Census): string[] {
  const added = now.temporary.filter((path) => !before.temporary.includes(path))
  return [
    ...added.map((path) => `${path} is left`),
    ...(now.descriptors > before.descriptors ? [`${now.descriptors} descriptors, ${before.descriptors} before`] : []),
    ...(now.processes === before.processes ? [] : [`${now.processes} processes, ${before.processes} before`]),
  ]
}

/** The census of a server that has come to rest: twice the same. */
async function settled(server: GoregoProcess): Promise<Census> {
  let last = census(server)
  await until(async () => {
    const now = census(server)
    const found = differences(last, now)
    last = now
    return found
  })
  return last
}

/** A connection that we closed may take the server a moment to notice. */
async function quietCensus(server: GoregoProcess): Promise<Census> {
  await pause(20)
  return census(server)
}

/** Asks again until nothing is found any more, or the time is over: what is found then is what is wrong. */
async function until(find: () => Promise<string[]>): Promise<string[]> {
  const giveUpAt = performance.now() + HANG_BOUND_MS
  for (;;) {
    const found = await find()
    if (found.length === 0 || performance.now() > giveUpAt) return found
    await pause(50)
  }
}

function census({ pid, dir }: GoregoProcess): Census {
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    // Slots keep the inputs of their last action, whichever that was.
    temporary: readdirSync(join(dir, 'run'), { recursive: true })
      .map(String)
      .filter((path) => !pathInInputRoot(path)),
    processes: descendants(pid),
  }
}

function descendants(pid: number): number {
  const tasks = readdirSync(`/proc/${pid}/task`)
  const children = tasks.flatMap((task) => words(`/proc/${pid}/task/${task}/children`))
  return children.reduce((sum, child) => sum + 1 + (existing(() => descendants(Number(child))) ?? 0), 0)
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

function words(path: string): string[] {
  return existing(() => readFileSync(path, 'utf8').split(' ').filter(Boolean)) ?? []
}

/** Undefined for a process that ended meanwhile. */
function existing<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
