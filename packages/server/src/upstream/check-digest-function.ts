import { type DigestFunction, digestFunctions, GoregoError } from '@gorego/core'
import type { Channel } from './channel.js'
import { getCapabilities } from './get-capabilities.js'

/** GEN-08: before anything is hashed for a server, it is asked whether it knows that function, for blobs and for execution. */
export async function checkDigestFunction(
  channel: Channel,
  instance: string,
  fn: DigestFunction,
  signal?: AbortSignal,
): Promise<void> {
  const answer = await getCapabilities(channel, instance, signal)
  const offered = answer.getCacheCapabilities()?.getDigestFunctionsList() ?? []
  const execution = answer.getExecutionCapabilities()
  // Servers of REAPI 2.0 to 2.2 name one function for execution, and no list.
  const executed = [...(execution?.getDigestFunctionsList() ?? []), execution?.getDigestFunction()]
  const isUsable = (value: number) =>
    value !== 0 && offered.some((each) => each === value) && executed.some((each) => each === value)
  if (isUsable(fn.value)) return
  const usable = digestFunctions.filter(({ value }) => isUsable(value)).map(({ name }) => name)
  const instead = usable.length === 0 ? 'none that gorego knows' : usable.join(', ')
  throw new GoregoError(
    'failed-precondition',
    `the server does not execute actions with the digest function ${fn.name}; it offers ${instead}`,
  )
}
