import { Digest, type DigestFunction, parseDigest } from '../digest/index.js'

/** An action, and when it ended under its name, in milliseconds since 1970. */
export interface RememberedRun {
  readonly digest: Digest
  readonly endedAt: number
}

/** What is known of a name. */
export interface Remembered {
  /** What was asked for last, whether it ran or not. */
  readonly last: RememberedRun
  /** What ran last, and what had been asked for before that; absent where every result was there already. */
  readonly ran?: RememberedRun & { readonly after?: RememberedRun }
}

export function serializeRemembered(remembered: Remembered): Uint8Array {
  const plain = (_key: string, value: unknown) => (value instanceof Digest ? String(value) : value)
  return Buffer.from(JSON.stringify(remembered, plain))
}

/** Undefined for what somebody else wrote. */
export function parseRemembered(bytes: Uint8Array, fn: DigestFunction): Remembered | undefined {
  try {
    const read = JSON.parse(Buffer.from(bytes).toString()) as Record<string, unknown>
    const last = run(read.last)
    if (read.ran === undefined) return { last }
    const { after } = read.ran as Record<string, unknown>
    return { last, ran: { ...run(read.ran), ...(after === undefined ? {} : { after: run(after) }) } }
  } catch {
    return undefined
  }

  function run(value: unknown): RememberedRun {
    const { digest: text, endedAt } = value as Record<string, unknown>
    const digest = parseDigest(String(text))
    if (digest.fn !== fn || typeof endedAt !== 'number') throw new TypeError('not a run')
    return { digest, endedAt }
  }
}
