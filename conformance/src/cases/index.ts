import type { Case } from '../suite/case.js'
import { action } from './action.js'
import { actionCache } from './action-cache.js'
import { completeness } from './action-cache-complete.js'
import { inlining } from './action-cache-inline.js'
import { badActions } from './bad-actions.js'
import { batchReadBlobs } from './batch-read.js'
import { batchUpdateBlobs } from './batch-update.js'
import { brokenOff } from './broken-off.js'
import { byteStreamRead } from './byte-stream-read.js'
import { byteStreamWrite } from './byte-stream-write.js'
import { capabilities } from './capabilities.js'
import { chunks } from './chunks.js'
import { clientPractice } from './client-practice.js'
import { command } from './command.js'
import { commandPaths } from './command-paths.js'
import { compressedRead } from './compressed-read.js'
import { compressedWrite } from './compressed-write.js'
import { digestFunctions } from './digest-functions.js'
import { digests } from './digests.js'
import { directories } from './directories.js'
import { executeCache } from './execute-cache.js'
import { executeSharing } from './execute-sharing.js'
import { executeStream } from './execute-stream.js'
import { findMissingBlobs } from './find-missing-blobs.js'
import { general } from './general.js'
import { getTree } from './get-tree.js'
import { inputs } from './inputs.js'
import { instances } from './instances.js'
import { lifetimes } from './lifetimes.js'
import { longLived } from './long-lived.js'
import { missingInputs } from './missing-inputs.js'
import { nodeProperties } from './node-properties.js'
import { operations } from './operations.js'
import { outputTrees } from './output-trees.js'
import { outputs } from './outputs.js'
import { platform } from './platform.js'
import { requestMetadata } from './request-metadata.js'
import { resourceNames } from './resource-names.js'
import { responses } from './responses.js'
import { waitExecutions } from './wait-execution.js'
import { writeStatus } from './write-status.js'

const storage = [
  general,
  instances,
  brokenOff,
  digests,
  digestFunctions,
  resourceNames,
  byteStreamRead,
  byteStreamWrite,
  compressedRead,
  compressedWrite,
  writeStatus,
  findMissingBlobs,
  batchUpdateBlobs,
  batchReadBlobs,
  getTree,
  chunks,
  actionCache,
  completeness,
  inlining,
  lifetimes,
  capabilities,
  clientPractice,
]
const execution = [
  executeStream,
  missingInputs,
  badActions,
  executeCache,
  executeSharing,
  longLived,
  waitExecutions,
  operations,
  action,
  command,
  commandPaths,
  inputs,
  nodeProperties,
  directories,
  outputs,
  outputTrees,
  responses,
  platform,
  requestMetadata,
]

/** Every case, in the order of the sections. */
export const cases: readonly Case[] = [...storage, ...execution].flatMap(({ all }) => all)
