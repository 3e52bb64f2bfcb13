import { reapi } from '@gorego/core'
import type { Caller } from './caller.js'

const METHOD = '/build.bazel.remote.execution.v2.Capabilities/GetCapabilities'

export async function getCapabilities(
  caller: Caller,
  instance: string,
  signal?: AbortSignal,
): Promise<reapi.ServerCapabilities> {
  const request = new reapi.GetCapabilitiesRequest().setInstanceName(instance)
  return await caller.unary(METHOD, request, reapi.ServerCapabilities.deserializeBinary, signal)
}
