import type { DeterminismFinding, DeterminismReport, DeterminismReporter } from '../determinism/determinism-report.js'
import type { Channel } from './channel.js'
import { type DigestText, toDigest } from './plain-operation.js'

/** A report as it comes over the channel. */
export interface PlainDeterminismReport extends Omit<DeterminismReport, 'findings'> {
  readonly findings: readonly (Omit<DeterminismFinding, 'action'> & { readonly action: DigestText })[]
}

/** What another process knows of actions that were run again. */
export class RemoteDeterminism implements DeterminismReporter {
  readonly #channel: Channel

  constructor(channel: Channel) {
    this.#channel = channel
  }

  async report(instance: string): Promise<DeterminismReport> {
    const { head } = await this.#channel.call('determinism', { head: instance })
    const { findings, ...rest } = head as PlainDeterminismReport
    return { ...rest, findings: findings.map(({ action, ...about }) => ({ ...about, action: toDigest(action) })) }
  }
}
