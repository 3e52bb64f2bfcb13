import type { DeterminismReporter } from '../determinism/determinism-report.js'
import type { Handler } from './channel.js'
import type { PlainDeterminismReport } from './remote-determinism.js'

/** What a `RemoteDeterminism` calls. */
export function serveDeterminism(determinism: DeterminismReporter | undefined): Record<string, Handler> {
  if (determinism === undefined) return {}
  return {
    async determinism({ head }) {
      const { findings, ...rest } = await determinism.report(head as string)
      const plain: PlainDeterminismReport = {
        ...rest,
        findings: findings.map(({ action, ...about }) => ({ ...about, action: action.key })),
      }
      return { head: plain }
    },
  }
}
