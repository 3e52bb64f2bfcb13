import type { LoadWorkload, Workload } from '../workload.js'
import { batchRead, batchUpdate } from './batches.js'
import { readLarge1, readLarge4, writeLarge1, writeLarge4 } from './byte-stream-large.js'
import { readSmall, writeSmall } from './byte-stream-small.js'
import { capabilities } from './capabilities.js'
import { embeddedTiny } from './embedded-tiny.js'
import { executeCached } from './execute-cached.js'
import { executeLargeInputs } from './execute-large-inputs.js'
import { executeOutputs } from './execute-outputs.js'
import { executeQueue } from './execute-queue.js'
import { executeTiny1, executeTiny16 } from './execute-tiny.js'
import { executeTree } from './execute-tree.js'
import { findMissing } from './find-missing.js'
import { floorGrpc, floorHttp2, floorSpawn } from './floors.js'
import { getActionResult } from './get-action-result.js'
import { growClientsCached, growClientsCapabilities } from './grow-clients.js'
import { growQueue } from './grow-queue.js'
import { growTree } from './grow-tree.js'
import { longLines } from './long-line.js'
import { updateActionResult } from './update-action-result.js'

/** In the order in which they run: what writes the most comes last, because the disk is busy with it for a while. */
export const workloads: readonly Workload[] = [
  floorSpawn,
  floorGrpc,
  floorHttp2,
  embeddedTiny,
  executeTiny16,
  executeTiny1,
  executeCached,
  executeTree,
  executeOutputs,
  executeQueue,
  capabilities,
  getActionResult,
  updateActionResult,
  findMissing,
  readSmall,
  batchRead,
  writeSmall,
  batchUpdate,
  executeLargeInputs,
  readLarge1,
  readLarge4,
  writeLarge1,
  writeLarge4,
  ...longLines,
]

/** What grows along the curves, from point to point; one can be measured by name, too. */
export const growing = {
  tree: [10, 100, 1000, 10_000, 20_000].map(growTree),
  clientsCapabilities: [1, 10, 100, 1000].map(growClientsCapabilities),
  clientsCached: [1, 10, 100, 1000].map(growClientsCached),
  queue: [1, 10, 100, 1000, 10_000].map(growQueue),
} as const satisfies Record<string, readonly LoadWorkload[]>

/** What can be asked for by name. */
export const allWorkloads: readonly Workload[] = [...workloads, ...Object.values(growing).flat()]
