import { type Digest, reapi } from '@gorego/core'
import type { Connection } from './connection.js'
import { digestMessage } from './digest-message.js'

const EXECUTE = '/build.bazel.remote.execution.v2.Execution/Execute'

export function executeRequest(action: Digest): Buffer {
  return Buffer.from(new reapi.ExecuteRequest().setActionDigest(digestMessage(action)).serializeBinary())
}

export interface Expected {
  /** Whether the result comes from the action cache. */
  readonly cached: boolean
  readonly outputFiles?: number
}

/** Executes and waits for the result; throws unless the command ended with 0, and the result is as expected. */
export async function execute(
  connection: Connection,
  request: Buffer,
  { cached, outputFiles }: Expected,
): Promise<void> {
  let last: Buffer | undefined
  await connection.serverStream(EXECUTE, request, (message) => {
    last = message
  })
  const response = responseIn(last)
  const status = response.getStatus()
  if (status !== undefined && status.getCode() !== 0) throw new Error(`an action failed: ${status.getMessage()}`)
  const exitCode = response.getResult()?.getExitCode()
  if (exitCode !== 0) throw new Error(`an action ended with the exit code ${exitCode}`)
  if (response.getCachedResult() !== cached) {
    throw new Error(cached ? 'an action ran that should have been cached' : 'an action was cached that should have run')
  }
  const found = response.getResult()?.getOutputFilesList().length
  if (outputFiles !== undefined && found !== outputFiles) {
    throw new Error(`an action has ${found} output files, not ${outputFiles}`)
  }
}

function responseIn(message: Buffer | undefined): reapi.ExecuteResponse {
  const operation = message && reapi.Operation.deserializeBinary(message)
  const packed = operation?.getDone() ? operation.getResponse() : undefined
  if (packed === undefined) throw new Error('an Execute stream ended before its operation')
  return reapi.ExecuteResponse.deserializeBinary(packed.getValue_asU8())
}
