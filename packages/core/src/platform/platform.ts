/** One requirement of an action. A name may come more than once: all of them have to be met. */
export interface PlatformProperty {
  readonly name: string
  readonly value: string
}

/** What a worker has, by property name; several values where it has all of them (`ISA: ['x86-64', 'x86-avx2']`). */
export type PlatformLabels = Readonly<Record<string, string | readonly string[]>>

/** The same as a list, in the order that REAPI wants: by name, then by value (PL-05). */
export function platformProperties(labels: PlatformLabels): PlatformProperty[] {
  return Object.entries(labels)
    .flatMap(([name, values]) => [values].flat().map((value) => ({ name, value })))
    .sort((a, b) => compare(a.name, b.name) || compare(a.value, b.value))
}

/** By code points, as the bytes of UTF-8 are ordered; JavaScript's own comparison is by UTF-16. */
function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b))
}

/**
 * What becomes of properties that the worker does not have (PL-01).
 * `standard`: those that other services are known to use for themselves are ignored, others refused.
 * `strict`: all are refused. `lenient`: all are ignored.
 */
export type PlatformPolicy = 'standard' | 'strict' | 'lenient'
