import { reapi } from '@gorego/core'
import type { Channel } from './channel.js'

const METHOD = '/build.bazel.remote.execution.v2.Capabilities/GetCapabilities'

export async function getCapabilities(
  channel: Channel,
  instance: string,
  signal?: AbortSignal,
): Promise<reapi.ServerCapabilities> {
  const request = new reapi.GetCapabilitiesRequest().setInstanceName(instance)
  return await channel.unary(METHOD, request, reapi.ServerCapabilities.deserializeBinary, signal)
}
