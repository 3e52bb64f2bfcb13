import { digestFunctions, GoregoError, reapi } from '@gorego/core'
import type { DeterminismFinding, DeterminismReport } from '../determinism/determinism-report.js'
import type { Channel } from './channel.js'

const METHOD = '/gorego.execution.v1.History/ReportDeterminism'

/** Asks a gorego what came of running actions again. Throws `unimplemented` where a server is another one, or too old. */
export async function reportDeterminism(
  channel: Channel,
  instance: string,
  signal?: AbortSignal,
): Promise<DeterminismReport> {
  const request = new reapi.ReportDeterminismRequest().setInstanceName(instance)
  const report = await channel.unary(METHOD, request, reapi.DeterminismReport.deserializeBinary, signal)
  return {
    sampleRate: report.getSampleRate(),
    same: report.getSame(),
    different: report.getDifferent(),
    dropped: report.getDropped(),
    findings: report.getFindingsList().map((finding) => toFinding(finding, instance)),
  }
}

function toFinding(message: reapi.DeterminismFinding, instance: string): DeterminismFinding {
  const fn = digestFunctions.find(({ value }) => value === message.getDigestFunction())
  if (fn === undefined)
    throw new GoregoError('internal', 'the server names an action by a digest function that is not known here')
  const time = message.getTime()
  return {
    instance,
    action: reapi.fromDigestMessage(fn, message.getActionDigest(), 'action_digest'),
    operation: message.getOperationName(),
    ...(message.getTargetId() === '' ? {} : { target: message.getTargetId() }),
    ...(message.getActionMnemonic() === '' ? {} : { mnemonic: message.getActionMnemonic() }),
    foundAt: time === undefined ? 0 : reapi.timestampToMillis(time),
    differences: message.getDifferencesList().map((difference) => ({
      subject: difference.getSubject(),
      first: difference.getFirst(),
      second: difference.getSecond(),
      ...(difference.getHasOffset() ? { offset: difference.getOffset() } : {}),
    })),
    truncated: message.getTruncated(),
  }
}
