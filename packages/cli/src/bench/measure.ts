import { setMaxListeners } from 'node:events'

export interface MeasureOptions {
  /** How many calls are under way at a time. */
  readonly clients: number
  /** After so many no call is begun any more. */
  readonly seconds: number
  /** Nor after so many calls. */
  readonly most: number
  /** `n` counts the calls from 0. Whatever it throws ends the measurement. */
  readonly call: (n: number, signal: AbortSignal) => Promise<void>
}

/** What a number of calls took. */
export interface Measured {
  readonly calls: number
  /** From the first call to the end of the last one, in seconds. */
  readonly seconds: number
  /** In milliseconds: half of the calls took no longer, 95 of a hundred, and all. */
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
}

/** Some clients that begin a call as soon as their last one has ended, for some time. */
export async function measure(
  { clients, seconds, most, call }: MeasureOptions,
  signal: AbortSignal,
): Promise<Measured> {
  const took: number[] = []
  const failed = new AbortController()
  const either = AbortSignal.any([signal, failed.signal])
  // Each call listens to it, and some several times.
  setMaxListeners(0, either)
  const begun = performance.now()
  let calls = 0
  const client = async () => {
    while (performance.now() - begun < seconds * 1000 && calls < most && !failed.signal.aborted) {
      either.throwIfAborted()
      const at = performance.now()
      await call(calls++, either)
      took.push(performance.now() - at)
    }
  }
  const clientsDone = await Promise.allSettled(
    Array.from({ length: clients }, () =>
      client().catch((error) => {
        failed.abort()
        throw error
      }),
    ),
  )
  // The first failure is the reason; the others were cut off because of it.
  signal.throwIfAborted()
  const failures = clientsDone.flatMap((done) => (done.status === 'rejected' ? [done.reason] : []))
  if (failures.length > 0) throw failures.find((error) => !isCutOff(error)) ?? failures[0]
  const lasted = (performance.now() - begun) / 1000
  took.sort((a, b) => a - b)
  const share = (part: number) => took[Math.min(took.length - 1, Math.ceil(part * took.length) - 1)] ?? 0
  return { calls: took.length, seconds: lasted, p50Ms: share(0.5), p95Ms: share(0.95), maxMs: share(1) }
}

function isCutOff(error: unknown): boolean {
  const { code, name } = error as { readonly code?: unknown; readonly name?: unknown }
  return code === 'cancelled' || name === 'AbortError'
}
