import { performance } from 'node:perf_hooks'

export interface LoopOptions {
  readonly clients: number
  /** No operation starts later than this. */
  readonly seconds: number
  /** Operations are numbered from here … */
  readonly from: number
  /** … up to and without this one. */
  readonly limit: number
  /** Does one operation; a rejection ends the loop. */
  readonly perform: (client: number, operation: number) => Promise<void>
}

export interface LoopResult {
  readonly operations: number
  readonly seconds: number
  readonly latencies: readonly number[]
}

/** Each client does one operation after the other until time or operations run out; those under way are waited for. */
export async function closedLoop({ clients, seconds, from, limit, perform }: LoopOptions): Promise<LoopResult> {
  const latencies: number[] = []
  let next = from
  let failed = false
  const started = performance.now()
  const deadline = started + seconds * 1000

  async function client(number: number): Promise<void> {
    while (!failed && next < limit) {
      const before = performance.now()
      if (before >= deadline) return
      await perform(number, next++)
      latencies.push(performance.now() - before)
    }
  }

  const ends = await Promise.allSettled(
    Array.from({ length: clients }, async (_, number) => {
      try {
        await client(number)
      } catch (error) {
        failed = true
        throw error
      }
    }),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
  return { operations: latencies.length, seconds: (performance.now() - started) / 1000, latencies }
}
