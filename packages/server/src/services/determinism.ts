import { type OutputDifference, reapi } from '@gorego/core'
import type { DeterminismFinding, DeterminismReporter } from '../determinism/determinism-report.js'
import type { Dialect } from '../wire/dialect.js'
import { unary } from '../wire/method.js'
import type { Service } from './service.js'

const METHOD = '/gorego.execution.v1.History/ReportDeterminism'

export interface DeterminismOptions extends Dialect {
  readonly determinism: DeterminismReporter
}

/** A method of gorego's own service: what came of running actions a second time. */
export function determinismService({ checkInstance, determinism }: DeterminismOptions): Service {
  return [
    unary(METHOD, reapi.ReportDeterminismRequest.deserializeBinary, async (request, context) => {
      const instance = checkInstance(request.getInstanceName(), context)
      const { sampleRate, same, different, dropped, findings } = await determinism.report(instance)
      return new reapi.DeterminismReport()
        .setSampleRate(sampleRate)
        .setSame(same)
        .setDifferent(different)
        .setDropped(dropped)
        .setFindingsList(findings.map(toFinding))
    }),
  ]
}

function toFinding(finding: DeterminismFinding): reapi.DeterminismFinding {
  const { action, operation, target = '', mnemonic = '', foundAt, differences, truncated } = finding
  return new reapi.DeterminismFinding()
    .setActionDigest(reapi.toDigestMessage(action))
    .setDigestFunction(action.fn.value as reapi.DigestFunctionValue)
    .setOperationName(operation)
    .setTargetId(target)
    .setActionMnemonic(mnemonic)
    .setTime(reapi.timestampFromMillis(foundAt))
    .setDifferencesList(differences.map(toDifference))
    .setTruncated(truncated)
}

function toDifference({ subject, first, second, offset }: OutputDifference): reapi.OutputDifference {
  return new reapi.OutputDifference()
    .setSubject(subject)
    .setFirst(first)
    .setSecond(second)
    .setOffset(offset ?? 0)
    .setHasOffset(offset !== undefined)
}
