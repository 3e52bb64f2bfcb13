import { type Digest, digestFunctions, GoregoError, reapi, SHA256, type Stage } from '@gorego/core'
import { valuesOf } from '../wire/request-metadata.js'
import { fromRpcStatus } from '../wire/status.js'

const PACKAGE = 'build.bazel.remote.execution.v2'

/** An operation as another server describes it. Whatever that leaves out, or what makes no sense, is undefined. */
export interface RemoteOperation {
  readonly name: string
  readonly stage: Stage | undefined
  readonly action: Digest | undefined
  readonly done: boolean
  /** Once it is done, unless it failed as an operation. */
  readonly response: reapi.ExecuteResponse | undefined
  /** Why there is no response. */
  readonly failure: GoregoError | undefined
  /** When it came to be, and when it came to its stage, in milliseconds since 1970. Not every server says. */
  readonly createdAt: number | undefined
  readonly since: number | undefined
  /** What its client said of itself. Not every server tells. */
  readonly origin: OperationOrigin
}

/** Who asked for an operation, as far as the request said. */
export interface OperationOrigin {
  readonly tool?: string
  readonly invocation?: string
  readonly target?: string
  readonly mnemonic?: string
}

const STAGES: Partial<Record<reapi.ExecutionStageValue, Stage>> = {
  [reapi.ExecutionStage.Value.CACHE_CHECK]: 'cache-check',
  [reapi.ExecutionStage.Value.QUEUED]: 'queued',
  [reapi.ExecutionStage.Value.EXECUTING]: 'executing',
  [reapi.ExecutionStage.Value.COMPLETED]: 'completed',
}

export function toRemoteOperation(operation: reapi.Operation): RemoteOperation {
  const metadata = unpack(operation.getMetadata(), 'ExecuteOperationMetadata', reapi.ExecuteOperationMetadata)
  const done = operation.getDone()
  const error = operation.getError()
  return {
    name: operation.getName(),
    stage: done ? 'completed' : metadata && STAGES[metadata.getStage()],
    action: metadata && actionOf(metadata),
    done,
    response: unpack(operation.getResponse(), 'ExecuteResponse', reapi.ExecuteResponse),
    failure: error && fromRpcStatus(error),
    ...timesOf(metadata?.getPartialExecutionMetadata(), done),
    origin: originOf(metadata?.getPartialExecutionMetadata()),
  }
}

/** The response of one that is done; throws why there is none. */
export function responseOf({ response, failure }: RemoteOperation): reapi.ExecuteResponse {
  if (failure !== undefined) throw failure
  if (response === undefined) throw new GoregoError('internal', 'the server finished the operation without a response')
  return response
}

function unpack<T>(
  packed: reapi.Any | undefined,
  name: string,
  type: { deserializeBinary(bytes: Uint8Array): T },
): T | undefined {
  return packed && reapi.unpackAny(packed, `${PACKAGE}.${name}`, type)
}

function timesOf(
  partial: reapi.ExecutedActionMetadata | undefined,
  done: boolean,
): Pick<RemoteOperation, 'createdAt' | 'since'> {
  const [queued, started, completed] = [
    partial?.getQueuedTimestamp(),
    partial?.getWorkerStartTimestamp(),
    partial?.getWorkerCompletedTimestamp(),
  ].map((time) => time && reapi.timestampToMillis(time))
  return { createdAt: queued, since: (done ? completed : undefined) ?? started ?? queued }
}

/** Where gorego's own server puts it. */
function originOf(partial: reapi.ExecutedActionMetadata | undefined): OperationOrigin {
  for (const packed of partial?.getAuxiliaryMetadataList() ?? []) {
    const said = unpack(packed, 'RequestMetadata', reapi.RequestMetadata)
    if (said === undefined) continue
    const { tool, invocation, target, mnemonic } = valuesOf(said)
    return Object.fromEntries(Object.entries({ tool, invocation, target, mnemonic }).filter(([, value]) => value))
  }
  return {}
}

/** DIG-05: a server of REAPI 2.2 or before names no function, and what it means is told by the length. */
function actionOf(metadata: reapi.ExecuteOperationMetadata): Digest | undefined {
  const digest = metadata.getActionDigest()
  if (digest === undefined) return undefined
  const named = digestFunctions.find(({ value }) => value === metadata.getDigestFunction())
  const implied = digestFunctions.find(
    ({ explicit, hashLength }) => !explicit && hashLength === digest.getHash().length,
  )
  try {
    return reapi.fromDigestMessage(named ?? implied ?? SHA256, digest, 'the digest of the action')
  } catch {
    return undefined
  }
}
