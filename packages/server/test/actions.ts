import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Digest, reapi } from '@gorego/core'
import { blobOf, type TestBlob } from '@gorego/core/testing'
import { digestMessage, paths, store } from './calls.js'
import type { CallOptions, RawClient } from './raw-client.js'

const PACKAGE = 'build.bazel.remote.execution.v2'

export interface ActionOptions {
  readonly argv?: readonly string[]
  readonly outputs?: readonly string[]
  /** Files in the input root by name. */
  readonly inputs?: Readonly<Record<string, TestBlob>>
  readonly timeoutMs?: number
  readonly doNotCache?: boolean
}

export interface TestAction {
  /** Of the Action. */
  readonly digest: Digest
  /** Action, Command, input root and files, in this order. */
  readonly blobs: readonly TestBlob[]
}

/** An action that runs `/bin/sh -c script`. */
export function shellAction(script: string, options: ActionOptions = {}): TestAction {
  const { argv = ['/bin/sh', '-c', script], outputs = [], inputs = {}, timeoutMs, doNotCache = false } = options
  const command = blobOf(
    new reapi.Command()
      .setArgumentsList([...argv])
      .setOutputPathsList([...outputs])
      .setEnvironmentVariablesList([new reapi.Command.EnvironmentVariable().setName('PATH').setValue('/usr/bin:/bin')])
      .serializeBinary(),
  )
  const files = Object.entries(inputs).map(([name, { digest }]) =>
    new reapi.FileNode().setName(name).setDigest(digestMessage(digest)),
  )
  const root = blobOf(new reapi.Directory().setFilesList(files).serializeBinary())
  const message = new reapi.Action()
    .setCommandDigest(digestMessage(command.digest))
    .setInputRootDigest(digestMessage(root.digest))
    .setDoNotCache(doNotCache)
  if (timeoutMs !== undefined) message.setTimeout(reapi.durationFromMillis(timeoutMs))
  const action = blobOf(message.serializeBinary())
  return { digest: action.digest, blobs: [action, command, root, ...Object.values(inputs)] }
}

export async function upload(client: RawClient, action: TestAction): Promise<TestAction> {
  await store(client, ...action.blobs)
  return action
}

/** Uploads `/bin/sh -c script` and executes it to the end. */
export async function run(client: RawClient, script: string, options: ActionOptions = {}): Promise<Seen> {
  return await lastOf(execute(client, await upload(client, shellAction(script, options))))
}

export function executeRequest({ digest }: Pick<TestAction, 'digest'>): reapi.ExecuteRequest {
  return new reapi.ExecuteRequest().setActionDigest(digestMessage(digest))
}

/** One message of a stream of operations, unpacked. */
export interface Seen {
  readonly operation: reapi.Operation
  readonly name: string
  readonly stage: reapi.ExecutionStageValue
  /** Of a done operation. */
  readonly response: reapi.ExecuteResponse
  /** Its status: 0 is OK. */
  readonly code: number
}

export function execute(
  client: RawClient,
  action: Pick<TestAction, 'digest'> | reapi.ExecuteRequest,
  options: CallOptions = {},
): AsyncGenerator<Seen> {
  const request = action instanceof reapi.ExecuteRequest ? action : executeRequest(action)
  return operations(client, paths.execute, request, options)
}

export function waitExecution(client: RawClient, name: string): AsyncGenerator<Seen> {
  return operations(client, paths.waitExecution, new reapi.WaitExecutionRequest().setName(name), {})
}

/** Leaving the loop cancels the call. */
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
    packed && reapi.unpackAny(packed, `${PACKAGE}.ExecuteOperationMetadata`, reapi.ExecuteOperationMetadata)
  const result = operation.getResponse()
  const response = result && reapi.unpackAny(result, `${PACKAGE}.ExecuteResponse`, reapi.ExecuteResponse)
  return {
    operation,
    name: operation.getName(),
    stage: metadata?.getStage() ?? reapi.ExecutionStage.Value.UNKNOWN,
    response: response ?? new reapi.ExecuteResponse(),
    code: response?.getStatus()?.getCode() ?? -1,
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
    if (next.done) throw new Error('the stream ended')
    if (next.value.stage === stage) return next.value
  }
}

/** Something that commands wait for: a named pipe that nobody has written to yet. */
export class Gate {
  readonly path: string

  /** `directory` must outlive the commands. */
  constructor(directory: string) {
    this.path = join(directory, `gate-${randomUUID()}`)
    execFileSync('mkfifo', [this.path])
  }

  /** For a script: waits here. */
  get wait(): string {
    return `read go < '${this.path}'`
  }

  /** Waits for a command to come, and lets it pass. */
  async open(): Promise<void> {
    await writeFile(this.path, 'go\n')
  }
}
