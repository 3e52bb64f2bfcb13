import { digestFunctions, reapi, SHA256 } from '@gorego/core'
import { checkInstanceName } from '../wire/instance-name.js'
import { unary } from '../wire/method.js'
import { MAX_BATCH_BYTES, PRIORITIES } from './limits.js'
import type { Service } from './service.js'

export interface CapabilitiesOptions {
  /** Whether actions run here, or results are only cached (CP-01). */
  readonly execution: boolean
  /** The largest blob that is taken, in bytes. */
  readonly maxBlobBytes: number
}

const PATH = '/build.bazel.remote.execution.v2.Capabilities/GetCapabilities'

/** The newest published protocol that this server speaks, and the oldest (Bazel 4 and Please insist on 2.0). */
const HIGHEST = [2, 13] as const
const LOWEST = [2, 0] as const

export function capabilitiesService(options: CapabilitiesOptions): Service {
  const capabilities = describe(options).serializeBinary()
  return [
    unary(PATH, reapi.GetCapabilitiesRequest.deserializeBinary, async (request) => {
      checkInstanceName(request.getInstanceName())
      return capabilities
    }),
  ]
}

function describe({ execution, maxBlobBytes }: CapabilitiesOptions): reapi.ServerCapabilities {
  const functions = digestFunctions.map((fn) => fn.value as reapi.DigestFunctionValue)
  const cache = new reapi.CacheCapabilities()
    .setDigestFunctionsList(functions)
    .setActionCacheUpdateCapabilities(new reapi.ActionCacheUpdateCapabilities().setUpdateEnabled(true))
    .setMaxBatchTotalSizeBytes(MAX_BATCH_BYTES)
    .setMaxCasBlobSizeBytes(maxBlobBytes)
    // CP-05: absolute targets are staged and returned as they are.
    .setSymlinkAbsolutePathStrategy(reapi.SymlinkAbsolutePathStrategy.Value.ALLOWED)
  const capabilities = new reapi.ServerCapabilities()
    .setCacheCapabilities(cache)
    .setLowApiVersion(version(LOWEST))
    .setHighApiVersion(version(HIGHEST))
  if (execution) capabilities.setExecutionCapabilities(executionCapabilities(functions))
  return capabilities
}

function executionCapabilities(functions: reapi.DigestFunctionValue[]): reapi.ExecutionCapabilities {
  const range = new reapi.PriorityCapabilities.PriorityRange()
    .setMinPriority(PRIORITIES.min)
    .setMaxPriority(PRIORITIES.max)
  return new reapi.ExecutionCapabilities()
    .setDigestFunction(SHA256.value as reapi.DigestFunctionValue)
    .setDigestFunctionsList(functions)
    .setExecEnabled(true)
    .setExecutionPriorityCapabilities(new reapi.PriorityCapabilities().setPrioritiesList([range]))
}

function version([major, minor]: readonly [number, number]): reapi.SemVer {
  return new reapi.SemVer().setMajor(major).setMinor(minor)
}
