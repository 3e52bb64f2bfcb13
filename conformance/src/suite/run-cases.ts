import { randomUUID } from 'node:crypto'
import { inspect } from 'node:util'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { requirement } from '../requirements/index.js'
import type { Target } from '../target/target.js'
import type { Case } from './case.js'
import { NotApplicable, type Outcome, weigh } from './outcome.js'
import { Tester } from './tester.js'

export interface RunOptions {
  readonly target: Target
  /** How many cases are tried at once. */
  readonly width: number
  readonly onOutcome?: (outcome: Outcome) => void
}

const LIMIT_MS = 60_000
/** Our own server shares this machine with all that the cases do, and with other tests. */
const OWN_LIMIT_MS = HANG_BOUND_MS
const SLOW_LIMIT_MS = 2 * HANG_BOUND_MS

/** Tries the cases, several at once; the outcomes come back in the order of the cases. */
export async function runCases(cases: readonly Case[], { target, width, onOutcome }: RunOptions): Promise<Outcome[]> {
  const run = randomUUID()
  const outcomes: Outcome[] = []
  let next = 0
  const lane = async () => {
    for (let n = next++; n < cases.length; n = next++) {
      const outcome = await runCase(cases[n] as Case, target, `${run} ${n}`)
      outcomes[n] = outcome
      onOutcome?.(outcome)
    }
  }
  await Promise.all(Array.from({ length: width }, lane))
  return outcomes
}

/** `name` is the case's own, in this run and in all others. */
export async function runCase(one: Case, target: Target, name: string): Promise<Outcome> {
  const { ids, title } = one
  const started = performance.now()
  const told = (verdict: Outcome['verdict'], why?: string): Outcome => ({
    title,
    ids,
    verdict,
    seconds: (performance.now() - started) / 1000,
    ...(why === undefined ? {} : { why }),
  })
  const tester = new Tester(target, name)
  const quickLimit = target.own === undefined ? LIMIT_MS : OWN_LIMIT_MS
  const limit = one.slow ? SLOW_LIMIT_MS : quickLimit
  try {
    await within(limit, one.run(tester))
    await tester[Symbol.asyncDispose]()
    return told('passed')
  } catch (thrown) {
    await tester[Symbol.asyncDispose]().catch(() => {})
    const error = thrown instanceof Error ? thrown : new Error(String(thrown))
    if (error instanceof NotApplicable) return told('not-applicable', error.message)
    const levels = one.level === undefined ? ids.map((id) => requirement(id).level) : [one.level]
    return told(weigh(levels, target.own !== undefined), describe(error))
  }
}

/** What went wrong, with what was compared: uvu has it in `actual` and `expects`. */
function describe(error: Error): string {
  const { actual, expects, operator } = error as { actual?: unknown; expects?: unknown; operator?: string }
  const compared = operator === 'is' || operator === 'equal'
  return compared ? `${error.message} (expected ${brief(expects)}, got ${brief(actual)})` : error.message
}

function brief(value: unknown): string {
  return inspect(value, { breakLength: Number.POSITIVE_INFINITY, depth: 4 }).slice(0, 200)
}

async function within<T>(limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end after ${limitMs / 1000} s`)), limitMs)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
