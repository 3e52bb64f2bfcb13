import { type ContentAddressableStorage, type OperationState, type Outcome, reapi, type Stage } from '@gorego/core'
import { toRpcStatus } from '../wire/status.js'
import { type InliningHints, inlineContents, wantsInlining } from './inlining.js'

const STAGES: Record<Stage, reapi.ExecutionStageValue> = {
  'cache-check': reapi.ExecutionStage.Value.CACHE_CHECK,
  queued: reapi.ExecutionStage.Value.QUEUED,
  executing: reapi.ExecutionStage.Value.EXECUTING,
  completed: reapi.ExecutionStage.Value.COMPLETED,
}

const PACKAGE = 'build.bazel.remote.execution.v2'

/** An operation as clients see it (EX-01, EX-04): metadata always, the response once it is done, an error never. */
export async function toOperation(
  state: OperationState,
  cas: ContentAddressableStorage,
  hints: InliningHints,
  signal: AbortSignal,
): Promise<reapi.Operation> {
  const metadata = new reapi.ExecuteOperationMetadata()
    .setStage(STAGES[state.stage])
    .setActionDigest(reapi.toDigestMessage(state.action))
    .setDigestFunction(state.action.fn.value as reapi.DigestFunctionValue)
  const operation = new reapi.Operation()
    .setName(state.name)
    .setMetadata(reapi.packAny(`${PACKAGE}.ExecuteOperationMetadata`, metadata))
  if (state.outcome === undefined) return operation
  const response = await toResponse(state, state.outcome, cas, hints, signal)
  return operation.setDone(true).setResponse(reapi.packAny(`${PACKAGE}.ExecuteResponse`, response))
}

async function toResponse(
  { action }: OperationState,
  { result, failure, cached, message, logs = {} }: Outcome,
  cas: ContentAddressableStorage,
  hints: InliningHints,
  signal: AbortSignal,
): Promise<reapi.ExecuteResponse> {
  const response = new reapi.ExecuteResponse().setCachedResult(cached).setMessage(message ?? failure?.message ?? '')
  // ER-01; a status is sent also where it is OK, for clients that read it without asking whether it is there.
  response.setStatus(failure === undefined ? new reapi.RpcStatus() : toRpcStatus(failure))
  for (const [name, digest] of Object.entries(logs)) {
    const log = new reapi.LogFile().setDigest(reapi.toDigestMessage(digest)).setHumanReadable(true)
    response.getServerLogsMap().set(name, log)
  }
  if (result === undefined) return response
  const actionResult = reapi.decode(reapi.ActionResult, result, 'the result of an action')
  if (wantsInlining(hints)) await inlineContents(actionResult, hints, action.fn, cas, signal)
  return response.setResult(actionResult)
}
