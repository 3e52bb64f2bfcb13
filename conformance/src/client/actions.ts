// Actions: making, uploading and executing them, and what comes back.
import { type Digest, reapi } from '@gorego/core'
import { type ActionMessages, type BuiltAction, type BuiltBlob, blobOf, buildAction } from '@gorego/core/testing'
import { digestMessage, findMissing, functionOf, paths, store, upload } from './calls.js'
import type { CallOptions, RawClient } from './raw-client.js'

const PACKAGE = 'build.bazel.remote.execution.v2'

/** What a BatchUpdateBlobs may carry everywhere. */
const SMALL = 3 * 1024 * 1024

/** What there is to send of an action. */
export interface SentAction {
  /** Of the Action. */
  readonly digest: Digest
  readonly blobs: readonly BuiltBlob[]
}

/** An action with messages that were changed after they were built, into what no builder would make. */
export function altered(
  built: BuiltAction,
  change: { command?: (command: reapi.Command) => void; action?: (action: reapi.Action) => void },
): SentAction {
  const bytesOf = (digest: Digest) => built.blobs.find((blob) => blob.digest.equals(digest))?.bytes ?? Buffer.alloc(0)
  const { digest, commandDigest } = built
  const command = reapi.Command.deserializeBinary(bytesOf(commandDigest))
  change.command?.(command)
  const commandBlob = blobOf(command.serializeBinary(), digest.fn)
  const action = reapi.Action.deserializeBinary(bytesOf(digest)).setCommandDigest(digestMessage(commandBlob.digest))
  change.action?.(action)
  const actionBlob = blobOf(action.serializeBinary(), digest.fn)
  const rest = built.blobs.filter((blob) => !blob.digest.equals(digest) && !blob.digest.equals(commandDigest))
  return { digest: actionBlob.digest, blobs: [actionBlob, commandBlob, ...rest] }
}

/** An action that runs `/bin/sh -c script` with the usual PATH. */
export function shell(script: string, messages: ActionMessages = {}): BuiltAction {
  return buildAction({ argv: ['/bin/sh', '-c', script], env: [['PATH', '/usr/bin:/bin']], ...messages })
}

/** Uploads what the server does not have, except what is to be missing; returns the action. */
export async function uploadAction<A extends Pick<SentAction, 'blobs'>>(
  client: RawClient,
  action: A,
  { except = [] }: { except?: readonly Digest[] } = {},
): Promise<A> {
  const withheld = new Set(except.map((digest) => digest.key))
  const wanted = action.blobs.filter(({ digest }) => !withheld.has(digest.key))
  for (let at = 0; at < wanted.length; at += 1000) {
    const some = wanted.slice(at, at + 1000)
    const missing = new Set(
      await findMissing(
        client,
        some.map(({ digest }) => digest),
      ),
    )
    const absent = some.filter(({ digest }) => missing.has(`${digest.hash}/${digest.sizeBytes}`))
    for (const batch of batches(absent)) await storeBatch(client, batch)
  }
  return action
}

async function storeBatch(client: RawClient, batch: readonly BuiltBlob[]): Promise<void> {
  const [only] = batch
  if (batch.length === 1 && only !== undefined && only.bytes.length > SMALL) await upload(client, only)
  else await store(client, ...batch)
}

function* batches(blobs: readonly BuiltBlob[]): Generator<BuiltBlob[]> {
  let batch: BuiltBlob[] = []
  let bytes = 0
  for (const blob of blobs) {
    if (batch.length > 0 && bytes + blob.bytes.length > SMALL) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(blob)
    bytes += blob.bytes.length
  }
  if (batch.length > 0) yield batch
}

export function executeRequest(client: RawClient, action: Digest): reapi.ExecuteRequest {
  const request = new reapi.ExecuteRequest().setInstanceName(client.instance).setActionDigest(digestMessage(action))
  return action.fn.explicit ? request.setDigestFunction(functionOf(action)) : request
}

/** One message of a stream of operations, unpacked. */
export interface Seen {
  readonly operation: reapi.Operation
  readonly name: string
  readonly stage: reapi.ExecutionStageValue
  readonly metadata: reapi.ExecuteOperationMetadata
  /** Of a done operation; an empty one before that. */
  readonly response: reapi.ExecuteResponse
  /** What the response holds; an empty one where it has no result. */
  readonly result: reapi.ActionResult
  /** Its status: 0 is OK, and -1 that there is no response. */
  readonly code: number
}

/** Leaving the loop cancels the call. */
export function execute(
  client: RawClient,
  action: Digest | reapi.ExecuteRequest,
  options: CallOptions = {},
): AsyncGenerator<Seen> {
  const request = action instanceof reapi.ExecuteRequest ? action : executeRequest(client, action)
  return operations(client, paths.execute, request, options)
}

export function waitExecution(client: RawClient, name: string, options: CallOptions = {}): AsyncGenerator<Seen> {
  return operations(client, paths.waitExecution, new reapi.WaitExecutionRequest().setName(name), options)
}

/** Uploads an action and executes it to the end. */
export async function run(client: RawClient, action: SentAction, options: CallOptions = {}): Promise<Seen> {
  await uploadAction(client, action)
  return await lastOf(execute(client, action.digest, options))
}

async function* operations(
  client: RawClient,
  path: string,
  request: { serializeBinary(): Uint8Array },
  options: CallOptions,
): AsyncGenerator<Seen> {
  const stream = client.serverStream(path, request, options)
  // Told to whoever reads; after a cancellation nobody does.
  stream.on('error', () => {})
  try {
    for await (const bytes of stream) yield unpack(reapi.Operation.deserializeBinary(bytes as Buffer))
  } finally {
    stream.cancel()
  }
}

export function unpack(operation: reapi.Operation): Seen {
  const packed = operation.getMetadata()
  const metadata =
    (packed && reapi.unpackAny(packed, `${PACKAGE}.ExecuteOperationMetadata`, reapi.ExecuteOperationMetadata)) ??
    new reapi.ExecuteOperationMetadata()
  const answer = operation.getResponse()
  const response = answer && reapi.unpackAny(answer, `${PACKAGE}.ExecuteResponse`, reapi.ExecuteResponse)
  return {
    operation,
    name: operation.getName(),
    stage: metadata.getStage(),
    metadata,
    response: response ?? new reapi.ExecuteResponse(),
    result: response?.getResult() ?? new reapi.ActionResult(),
    code: response === undefined ? -1 : (response.getStatus()?.getCode() ?? 0),
  }
}

export async function all(stream: AsyncIterable<Seen>): Promise<Seen[]> {
  const seen: Seen[] = []
  for await (const each of stream) seen.push(each)
  return seen
}

export async function lastOf(stream: AsyncIterable<Seen>): Promise<Seen> {
  const last = (await all(stream)).at(-1)
  if (last === undefined) throw new Error('the stream ended without an operation')
  return last
}

/** Reads on up to the first operation in that stage. */
export async function until(stream: AsyncIterator<Seen>, stage: reapi.ExecutionStageValue): Promise<Seen> {
  for (;;) {
    const next = await stream.next()
    if (next.done) throw new Error(`the stream ended before stage ${stage}`)
    if (next.value.stage === stage) return next.value
  }
}

/** The subjects of all MISSING violations in a status (EX-06), sorted. */
export function missingSubjects(status: reapi.RpcStatus | undefined): string[] {
  const failures = (status?.getDetailsList() ?? []).map((any) =>
    reapi.unpackAny(any, 'google.rpc.PreconditionFailure', reapi.PreconditionFailure),
  )
  const violations = failures.flatMap((failure) => failure?.getViolationsList() ?? [])
  return violations
    .filter((violation) => violation.getType() === 'MISSING')
    .map((violation) => violation.getSubject())
    .sort()
}
