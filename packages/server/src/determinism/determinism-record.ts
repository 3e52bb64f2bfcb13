import type { DeterminismFinding, DeterminismReport, DeterminismReporter } from './determinism-report.js'

/** The oldest are forgotten. */
const MOST_FINDINGS = 100

export type SampleVerdict = 'same' | 'different' | 'dropped'

/** What the samples of a server came to; in memory. */
export class DeterminismRecord implements DeterminismReporter {
  readonly sampleRate: number
  readonly #counts: Record<SampleVerdict, number> = { same: 0, different: 0, dropped: 0 }
  /** By action and instance, the oldest first. */
  readonly #findings = new Map<string, DeterminismFinding>()

  constructor(sampleRate: number) {
    this.sampleRate = sampleRate
  }

  get counts(): Readonly<Record<SampleVerdict, number>> {
    return this.#counts
  }

  /** The youngest first. */
  get findings(): readonly DeterminismFinding[] {
    return [...this.#findings.values()].reverse()
  }

  count(verdict: SampleVerdict): void {
    this.#counts[verdict]++
  }

  /** The last one of an action takes the place of those before. */
  add(finding: DeterminismFinding): void {
    const key = `${finding.action.key}:${finding.instance}`
    this.#findings.delete(key)
    this.#findings.set(key, finding)
    const [oldest] = this.#findings.keys()
    if (this.#findings.size > MOST_FINDINGS && oldest !== undefined) this.#findings.delete(oldest)
  }

  report(instance: string): DeterminismReport {
    const { sampleRate, counts, findings } = this
    return { sampleRate, ...counts, findings: findings.filter((finding) => finding.instance === instance) }
  }
}
