import type { Permission } from './permission.js'

const CAS = '/build.bazel.remote.execution.v2.ContentAddressableStorage'
const CACHE = '/build.bazel.remote.execution.v2.ActionCache'
const EXECUTION = '/build.bazel.remote.execution.v2.Execution'
const BYTES = '/google.bytestream.ByteStream'
const OPERATIONS = '/google.longrunning.Operations'
const HEALTH = '/grpc.health.v1.Health'

/** What each method needs; `nothing` is for everybody. What is not in here is not served where callers need permissions. */
export const METHOD_PERMISSIONS: ReadonlyMap<string, Permission | 'nothing'> = new Map([
  ['/build.bazel.remote.execution.v2.Capabilities/GetCapabilities', 'read'],
  [`${CAS}/FindMissingBlobs`, 'read'],
  [`${CAS}/BatchReadBlobs`, 'read'],
  [`${CAS}/GetTree`, 'read'],
  [`${CAS}/SplitBlob`, 'read'],
  [`${CAS}/BatchUpdateBlobs`, 'write'],
  [`${CAS}/SpliceBlob`, 'write'],
  [`${BYTES}/Read`, 'read'],
  [`${BYTES}/Write`, 'write'],
  [`${BYTES}/QueryWriteStatus`, 'write'],
  [`${CACHE}/GetActionResult`, 'read'],
  [`${CACHE}/UpdateActionResult`, 'update_action_cache'],
  [`${EXECUTION}/Execute`, 'execute'],
  [`${EXECUTION}/WaitExecution`, 'execute'],
  // Names of operations are random: who knows one was told it by who started it.
  [`${OPERATIONS}/GetOperation`, 'execute'],
  [`${OPERATIONS}/WaitOperation`, 'execute'],
  [`${OPERATIONS}/CancelOperation`, 'execute'],
  [`${OPERATIONS}/DeleteOperation`, 'execute'],
  [`${OPERATIONS}/ListOperations`, 'admin'],
  // Command lines and variables are in what it says.
  ['/gorego.execution.v1.History/Explain', 'execute'],
  // What everybody executes, as in ListOperations.
  ['/gorego.execution.v1.History/ReportDeterminism', 'admin'],
  // As /healthz and /readyz: load balancers have no names.
  [`${HEALTH}/Check`, 'nothing'],
  [`${HEALTH}/List`, 'nothing'],
  [`${HEALTH}/Watch`, 'nothing'],
  ['/grpc.reflection.v1.ServerReflection/ServerReflectionInfo', 'read'],
  ['/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo', 'read'],
])
