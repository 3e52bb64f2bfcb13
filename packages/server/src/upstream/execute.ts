import { type Digest, GoregoError, reapi, type Stage } from '@gorego/core'
import { requestMetadataOf } from '../wire/request-metadata.js'
import type { Channel } from './channel.js'
import { type RemoteOperation, toRemoteOperation } from './remote-operation.js'
import { RemoteOperations } from './remote-operations.js'

/** How a server is asked to execute, beside the action. */
export interface ExecuteOptions {
  /** Run it even if a result is cached. The server keeps the new result, unless the action says that none is kept. */
  readonly skipCacheLookup?: boolean | undefined
  /** Lower runs first; default 0. */
  readonly priority?: number | undefined
  /** What is asked for, as the caller calls it, of which 300 characters are sent: what a server's operations, and `gorego why`, go by. */
  readonly target?: string | undefined
  readonly onStage?: ((stage: Stage) => void) | undefined
}

/**
 * Has another server execute an action that it has every blob of, and resolves to the operation when that is done. Aborting
 * cancels it there. Contents of stdout and stderr are asked for with the result.
 */
export async function execute(
  channel: Channel,
  instance: string,
  action: Digest,
  { skipCacheLookup = false, priority, target, onStage }: ExecuteOptions,
  signal?: AbortSignal,
): Promise<RemoteOperation> {
  const request = new reapi.ExecuteRequest()
    .setInstanceName(instance)
    .setActionDigest(reapi.toDigestMessage(action))
    .setDigestFunction(action.fn.value as reapi.DigestFunctionValue)
    .setSkipCacheLookup(skipCacheLookup)
    .setInlineStdout(true)
    .setInlineStderr(true)
  if (priority !== undefined) request.setExecutionPolicy(new reapi.ExecutionPolicy().setPriority(priority))
  let name = ''
  // Best effort: a server that is not told gives up by itself after a while (EX-19).
  const cancel = () => void (name === '' || new RemoteOperations(channel, instance).cancel(name).catch(() => {}))
  signal?.addEventListener('abort', cancel, { once: true })
  try {
    const caller = target === undefined ? channel : channel.saying(metadataOf(target))
    const states = caller.serverStream(
      '/build.bazel.remote.execution.v2.Execution/Execute',
      request,
      reapi.Operation.deserializeBinary,
      signal,
    )
    for await (const state of states) {
      const operation = toRemoteOperation(state)
      name = operation.name
      onStage?.(operation.stage ?? 'queued')
      if (operation.done) return operation
    }
  } finally {
    signal?.removeEventListener('abort', cancel)
  }
  throw new GoregoError('unavailable', 'the server ended the stream before the operation was done')
}

/** Longer headers are refused, and nobody reads more. */
export const LONGEST_TARGET = 300

function metadataOf(target: string): reapi.RequestMetadata {
  return requestMetadataOf({ target: target.slice(0, LONGEST_TARGET) })
}
