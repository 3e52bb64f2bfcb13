import { type Difference, type Digest, digestFunctions, GoregoError, reapi } from '@gorego/core'
import type { Explanation } from '../history/explain.js'
import type { Channel } from './channel.js'

const METHOD = '/gorego.execution.v1.History/Explain'

/** What is asked about, and how much of the answer is wanted. */
export interface ExplainSubject {
  /** The name of an operation that the server still knows. */
  readonly operation?: string
  /** As the client said it, such as `//app:main`: the youngest of its actions. */
  readonly target?: string
  /** With a target: only actions of this kind. */
  readonly mnemonic?: string
  /** An Action in the server's store; needs `against`. */
  readonly action?: Digest
  /** Another Action to compare with, instead of the last one before. */
  readonly against?: Digest
  /** How many differences are named at most. Default 100. */
  readonly maxDifferences?: number
}

/** Asks a gorego why an action is not the one before. Throws `unimplemented` where a server is another one, or too old. */
export async function explain(
  channel: Channel,
  instance: string,
  subject: ExplainSubject,
  signal?: AbortSignal,
): Promise<Explanation> {
  const { operation, target, mnemonic = '', action, against, maxDifferences = 0 } = subject
  const request = new reapi.ExplainRequest()
    .setInstanceName(instance)
    .setActionMnemonic(mnemonic)
    .setMaxDifferences(maxDifferences)
  if (operation !== undefined) request.setOperationName(operation)
  else if (target !== undefined) request.setTargetId(target)
  else if (action !== undefined) request.setActionDigest(reapi.toDigestMessage(action))
  if (against !== undefined) request.setComparedWith(reapi.toDigestMessage(against))
  const fn = (action ?? against)?.fn
  if (fn !== undefined) request.setDigestFunction(fn.value as reapi.DigestFunctionValue)
  return toExplanation(await channel.unary(METHOD, request, reapi.Explanation.deserializeBinary, signal))
}

function toExplanation(message: reapi.Explanation): Explanation {
  const fn = digestFunctions.find(({ value }) => value === message.getDigestFunction())
  if (fn === undefined)
    throw new GoregoError('internal', 'the server explains with a digest function that is not known here')
  const digest = (sent: reapi.Digest | undefined, what: string) => reapi.fromDigestMessage(fn, sent, what)
  const previous = message.getPreviousActionDigest()
  const at = message.getPreviousTime()
  return {
    action: digest(message.getActionDigest(), 'action_digest'),
    ...(previous === undefined ? {} : { previous: digest(previous, 'previous_action_digest') }),
    ...(at === undefined ? {} : { previousAt: reapi.timestampToMillis(at) }),
    ...(message.getTargetId() === '' ? {} : { target: message.getTargetId() }),
    ...(message.getActionMnemonic() === '' ? {} : { mnemonic: message.getActionMnemonic() }),
    comparison: {
      differences: message.getDifferencesList().map(toDifference),
      truncated: message.getTruncated(),
      unknown: message.getUnknownList(),
    },
  }
}

function toDifference(message: reapi.Difference): Difference {
  return {
    kind: message.getKind() as Difference['kind'],
    subject: message.getSubject(),
    ...(message.getHasBefore() ? { before: message.getBefore() } : {}),
    ...(message.getHasAfter() ? { after: message.getAfter() } : {}),
  }
}
