import {
  type ActionPolicy,
  type DigestFunctionSet,
  type FastCdcParameters,
  reapi,
  SUPPORTED_NODE_PROPERTIES,
} from '@gorego/core'
import type { Access } from '../auth/access.js'
import type { Permission } from '../auth/permission.js'
import type { Dialect } from '../wire/dialect.js'
import { unary } from '../wire/method.js'
import { MAX_BATCH_BYTES, PRIORITIES } from './limits.js'
import type { Service } from './service.js'

export interface CapabilitiesOptions extends Dialect {
  /** Whether clients may store results (AC-12). */
  readonly updates: boolean
  /** Whether actions run here, or results are only cached (CP-01). */
  readonly execution: boolean
  /** The largest blob that is taken, in bytes. */
  readonly maxBlobBytes: number
  /** How blobs are cut; undefined where they are not (CH-01). */
  readonly chunking: FastCdcParameters | undefined
  readonly absoluteSymlinks: ActionPolicy['absoluteSymlinks']
  /** What is offered to whom; absent where everything is to everybody. */
  readonly access?: Access | undefined
}

const PATH = '/build.bazel.remote.execution.v2.Capabilities/GetCapabilities'

/** The newest published protocol that this server speaks, and the oldest (Bazel 4 and Please insist on 2.0). */
const HIGHEST = [2, 13] as const
const LOWEST = [2, 0] as const

const ABSOLUTE_SYMLINKS = {
  allowed: reapi.SymlinkAbsolutePathStrategy.Value.ALLOWED,
  disallowed: reapi.SymlinkAbsolutePathStrategy.Value.DISALLOWED,
} as const

export function capabilitiesService(options: CapabilitiesOptions): Service {
  const { checkInstance, access } = options
  const described = new Map<string, Uint8Array>()
  const describeOnce = (updates: boolean, execution: boolean) => {
    const key = `${updates} ${execution}`
    const known = described.get(key) ?? describe({ ...options, updates, execution }).serializeBinary()
    described.set(key, known)
    return known
  }
  return [
    unary(PATH, reapi.GetCapabilitiesRequest.deserializeBinary, async (request, context) => {
      const instance = checkInstance(request.getInstanceName(), context)
      // Clients believe what they read here, and do not try what they are not offered.
      const may = (permission: Permission) => access?.allows(context, permission, instance) ?? true
      return describeOnce(options.updates && may('update_action_cache'), options.execution && may('execute'))
    }),
  ]
}

function describe({
  functions,
  compressors,
  execution,
  maxBlobBytes,
  updates,
  chunking,
  absoluteSymlinks,
}: CapabilitiesOptions): reapi.ServerCapabilities {
  const compressorValues = compressors.map(({ value }) => value as reapi.CompressorValue)
  const cache = new reapi.CacheCapabilities()
    .setDigestFunctionsList(valuesOf(functions))
    .setActionCacheUpdateCapabilities(new reapi.ActionCacheUpdateCapabilities().setUpdateEnabled(updates))
    .setMaxBatchTotalSizeBytes(MAX_BATCH_BYTES)
    .setMaxCasBlobSizeBytes(maxBlobBytes)
    // CP-04: identity always works, and is not listed.
    .setSupportedCompressorsList(compressorValues)
    .setSupportedBatchUpdateCompressorsList(compressorValues)
    // CP-05
    .setSymlinkAbsolutePathStrategy(ABSOLUTE_SYMLINKS[absoluteSymlinks])
  if (chunking !== undefined) {
    const { averageBytes, seed } = chunking
    cache
      .setSplitBlobSupport(true)
      .setSpliceBlobSupport(true)
      .setFastCdc2020Params(new reapi.FastCdc2020Params().setAvgChunkSizeBytes(averageBytes).setSeed(seed))
  }
  const capabilities = new reapi.ServerCapabilities()
    .setCacheCapabilities(cache)
    .setLowApiVersion(version(LOWEST))
    .setHighApiVersion(version(HIGHEST))
  if (execution) capabilities.setExecutionCapabilities(executionCapabilities(functions))
  return capabilities
}

function executionCapabilities(functions: DigestFunctionSet): reapi.ExecutionCapabilities {
  const range = new reapi.PriorityCapabilities.PriorityRange()
    .setMinPriority(PRIORITIES.min)
    .setMaxPriority(PRIORITIES.max)
  return (
    new reapi.ExecutionCapabilities()
      // CP-02
      .setDigestFunction(functions.preferred.value as reapi.DigestFunctionValue)
      .setDigestFunctionsList(valuesOf(functions))
      .setExecEnabled(true)
      // CP-08
      .setSupportedNodePropertiesList([...SUPPORTED_NODE_PROPERTIES])
      .setExecutionPriorityCapabilities(new reapi.PriorityCapabilities().setPrioritiesList([range]))
  )
}

function valuesOf(functions: DigestFunctionSet): reapi.DigestFunctionValue[] {
  return [...functions].map((fn) => fn.value as reapi.DigestFunctionValue)
}

function version([major, minor]: readonly [number, number]): reapi.SemVer {
  return new reapi.SemVer().setMajor(major).setMinor(minor)
}
