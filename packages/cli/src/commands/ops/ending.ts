import type { ContentAddressableStorage } from '@gorego/core'
import type { RemoteOperation } from '@gorego/server'
import type { Ending } from '../../ui/operation-view.js'

/** How an operation that is done ended. What its command printed is fetched. */
export async function endingOf(
  { action, response, failure }: RemoteOperation,
  blobs: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<Ending> {
  const { RunResult } = await import('@gorego/core')
  const status = response?.getStatus()
  const problem = failure?.message ?? (status === undefined || status.getCode() === 0 ? undefined : status.getMessage())
  const message = response?.getResult()
  if (message === undefined || action === undefined || response === undefined) return { result: undefined, problem }
  const bytes = message.serializeBinary()
  return { result: await RunResult.read(action, bytes, response.getCachedResult(), blobs, signal), problem }
}

/** Whether all went as its client hoped. */
export function isGood({ result, problem }: Ending): boolean {
  return problem === undefined && result?.exitCode === 0
}
