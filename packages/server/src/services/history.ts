import {
  type Comparison,
  type ContentAddressableStorage,
  compareActions,
  type Digest,
  type DigestFunction,
  GoregoError,
  reapi,
  type Scheduler,
} from '@gorego/core'
import type { History } from '../history/action-history.js'
import { type Explanation, explainOperation, explainTarget } from '../history/explain.js'
import type { CallContext } from '../wire/call-context.js'
import type { Dialect } from '../wire/dialect.js'
import { requestDigest } from '../wire/digests.js'
import { unary } from '../wire/method.js'
import type { Service } from './service.js'

const SERVICE = '/gorego.execution.v1.History'

const DEFAULT_DIFFERENCES = 100
const MOST_DIFFERENCES = 1000

export interface HistoryOptions extends Dialect {
  readonly scheduler: Scheduler
  readonly cas: ContentAddressableStorage
  readonly history: History
}

/** gorego's own service: why an action is not the one that there was before. */
export function historyService(options: HistoryOptions): Service {
  const explain = (request: reapi.ExplainRequest, context: CallContext) => explanationOf(request, context, options)
  return [
    unary(`${SERVICE}/Explain`, reapi.ExplainRequest.deserializeBinary, async (request, context) =>
      toMessage(await explain(request, context)),
    ),
  ]
}

async function explanationOf(
  request: reapi.ExplainRequest,
  context: CallContext,
  { scheduler, cas, history, checkInstance, functions }: HistoryOptions,
): Promise<Explanation> {
  const { signal } = context
  const instance = checkInstance(request.getInstanceName(), context)
  const maxDifferences = Math.min(Math.max(request.getMaxDifferences(), 0) || DEFAULT_DIFFERENCES, MOST_DIFFERENCES)
  const options = { cas, history, maxDifferences, signal }
  const digest = (message: reapi.Digest | undefined, what: string) =>
    requestDigest(functions, request.getDigestFunction(), message, what)
  const other = request.getComparedWith()
  const compare = async (action: Digest): Promise<Explanation> => {
    const previous = digest(other, 'compared_with')
    const comparison = await compareActions({ cas, before: previous, after: action, maxDifferences, signal })
    return { action, previous, comparison }
  }
  switch (request.getSubjectCase()) {
    case reapi.ExplainRequest.SubjectCase.OPERATION_NAME: {
      const state = await scheduler.get(request.getOperationName())
      checkInstance(state.instance, context)
      return other === undefined ? await explainOperation(state, options) : await compare(state.action)
    }
    case reapi.ExplainRequest.SubjectCase.TARGET_ID: {
      if (other !== undefined)
        throw new GoregoError(
          'invalid-argument',
          'compared_with goes with an operation or an Action, not with a target',
        )
      const mnemonic = request.getActionMnemonic()
      const asked = { instance, target: request.getTargetId(), ...(mnemonic === '' ? {} : { mnemonic }) }
      return await explainTarget(asked, options)
    }
    case reapi.ExplainRequest.SubjectCase.ACTION_DIGEST:
      return await compare(digest(request.getActionDigest(), 'action_digest'))
    default:
      throw new GoregoError('invalid-argument', 'name an operation, a target, or an Action and compared_with')
  }
}

function toMessage({ action, previous, previousAt, target, mnemonic, comparison }: Explanation): reapi.Explanation {
  const message = new reapi.Explanation()
    .setActionDigest(reapi.toDigestMessage(action))
    .setDigestFunction(functionValue(action.fn))
    .setTargetId(target ?? '')
    .setActionMnemonic(mnemonic ?? '')
  if (previous !== undefined) message.setPreviousActionDigest(reapi.toDigestMessage(previous))
  if (previousAt !== undefined) message.setPreviousTime(reapi.timestampFromMillis(previousAt))
  return withComparison(message, comparison)
}

function functionValue(fn: DigestFunction): reapi.DigestFunctionValue {
  return fn.value as reapi.DigestFunctionValue
}

function withComparison(message: reapi.Explanation, comparison: Comparison): reapi.Explanation {
  const differences = comparison.differences.map(({ kind, subject, before, after }) =>
    new reapi.Difference()
      .setKind(kind)
      .setSubject(subject)
      .setBefore(before ?? '')
      .setHasBefore(before !== undefined)
      .setAfter(after ?? '')
      .setHasAfter(after !== undefined),
  )
  return message
    .setDifferencesList(differences)
    .setTruncated(comparison.truncated)
    .setUnknownList([...comparison.unknown])
}
