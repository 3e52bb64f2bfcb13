import {
  type ContentAddressableStorage,
  type DigestFunction,
  type OperationState,
  type Outcome,
  reapi,
  type Stage,
} from '@gorego/core'
import { requestMetadataOf } from '../wire/request-metadata.js'
import { toRpcStatus } from '../wire/status.js'
import { type InliningHints, inlineContents, wantsInlining } from './inlining.js'

const { MessageWriter } = reapi

const NO_BYTES = new Uint8Array(0)

const STAGES: Record<Stage, reapi.ExecutionStageValue> = {
  'cache-check': reapi.ExecutionStage.Value.CACHE_CHECK,
  queued: reapi.ExecutionStage.Value.QUEUED,
  executing: reapi.ExecutionStage.Value.EXECUTING,
  completed: reapi.ExecutionStage.Value.COMPLETED,
}

const PACKAGE = 'type.googleapis.com/build.bazel.remote.execution.v2'

/**
 * An operation as clients see it (EX-01, EX-04): metadata always, the response once it is done, an error never. It is written
 * by hand around the result, which is sent as the bytes that are stored, however many files it lists. With its origin for those who
 * look at other people's operations: since when it is in its stage, and who asked for it and for what, in partial_execution_metadata.
 */
export async function toOperation(
  state: OperationState,
  cas: ContentAddressableStorage,
  hints: InliningHints,
  signal: AbortSignal,
  { withOrigin = false }: { readonly withOrigin?: boolean } = {},
): Promise<reapi.MessageWriter> {
  const { name, stage, action, outcome } = state
  const metadata = new MessageWriter().varint(1, STAGES[stage]).digest(2, action)
  if (withOrigin) metadata.message(5, origin(state))
  metadata.varint(6, action.fn.value)
  const operation = new MessageWriter().text(1, name).message(2, any('ExecuteOperationMetadata', metadata))
  if (outcome === undefined) return operation
  const result = outcome.result && (await withContents(outcome.result, action.fn, cas, hints, signal))
  return operation.varint(3, 1).message(5, any('ExecuteResponse', toResponse(outcome, result)))
}

function toResponse(
  { failure, cached, message, logs = {} }: Outcome,
  result: Uint8Array | undefined,
): reapi.MessageWriter {
  const response = new MessageWriter()
  if (result !== undefined) response.bytes(1, result)
  // ER-01; a status is sent also where it is OK, for clients that read it without asking whether it is there.
  response.varint(2, Number(cached)).bytes(3, failure === undefined ? NO_BYTES : toRpcStatus(failure).serializeBinary())
  for (const [name, digest] of Object.entries(logs)) {
    const file = new MessageWriter().digest(1, digest).varint(2, 1)
    // A map is a list of pairs on the wire.
    response.message(4, new MessageWriter().text(1, name).message(2, file))
  }
  return response.text(5, message ?? failure?.message ?? '')
}

/** The result with the contents in it that the client would like to have. */
async function withContents(
  result: Uint8Array,
  fn: DigestFunction,
  cas: ContentAddressableStorage,
  hints: InliningHints,
  signal: AbortSignal,
): Promise<Uint8Array> {
  if (!wantsInlining(hints)) return result
  const message = reapi.decode(reapi.ActionResult, result, 'the result of an action')
  await inlineContents(message, hints, fn, cas, signal)
  return message.serializeBinary()
}

function any(type: string, message: reapi.MessageWriter): reapi.MessageWriter {
  return new MessageWriter().text(1, `${PACKAGE}.${type}`).message(2, message)
}

/** As ExecutedActionMetadata: when it came to be queued, to run and to its end, and what the client said of itself (RequestMetadata). */
function origin({ createdAt, enteredAt, labels }: OperationState): reapi.MessageWriter {
  const metadata = new MessageWriter().bytes(2, timestamp(createdAt))
  const { executing, completed } = enteredAt
  if (executing !== undefined) metadata.bytes(3, timestamp(executing))
  if (completed !== undefined) metadata.bytes(4, timestamp(completed))
  if (labels === undefined) return metadata
  return metadata.message(
    11,
    any('RequestMetadata', new MessageWriter().encoded(requestMetadataOf(labels).serializeBinary())),
  )
}

function timestamp(millis: number): Uint8Array {
  return reapi.timestampFromMillis(millis).serializeBinary()
}
