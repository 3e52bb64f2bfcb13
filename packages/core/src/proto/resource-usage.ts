import { packAny, unpackAny } from './any.js'
import { type Any, ResourceUsage } from './messages.js'
import { durationFromMillis, durationToMillis } from './time.js'

const TYPE_NAME = 'gorego.execution.v1.ResourceUsage'

/**
 * What a command used, with all its descendants. Where commands are started by Node, without those that nobody waited for, and in
 * steps of 10 ms.
 */
export interface UsedResources {
  /** Time on a CPU in its own code, in milliseconds. */
  readonly userCpuMs: number
  /** Time on a CPU in the kernel, in milliseconds. */
  readonly systemCpuMs: number
  /** The most memory that one of its processes had at a time, in bytes, as far as it was seen. */
  readonly peakMemoryBytes?: number
}

/** For ExecutedActionMetadata.auxiliary_metadata. */
export function resourceUsageToAny({ userCpuMs, systemCpuMs, peakMemoryBytes = 0 }: UsedResources): Any {
  const message = new ResourceUsage()
    .setUserCpuTime(durationFromMillis(userCpuMs))
    .setSystemCpuTime(durationFromMillis(systemCpuMs))
    .setPeakMemoryBytes(peakMemoryBytes)
  return packAny(TYPE_NAME, message)
}

/** Of a list of auxiliary metadata, what a gorego put there; undefined where none did. */
export function resourceUsageIn(metadata: readonly Any[]): UsedResources | undefined {
  for (const any of metadata) {
    const message = unpackAny(any, TYPE_NAME, ResourceUsage)
    if (message === undefined) continue
    const [user, system] = [message.getUserCpuTime(), message.getSystemCpuTime()]
    const peakMemoryBytes = message.getPeakMemoryBytes()
    return {
      userCpuMs: user === undefined ? 0 : durationToMillis(user),
      systemCpuMs: system === undefined ? 0 : durationToMillis(system),
      ...(peakMemoryBytes > 0 ? { peakMemoryBytes } : {}),
    }
  }
  return undefined
}
