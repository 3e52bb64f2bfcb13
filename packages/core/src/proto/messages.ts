/**
 * Every protocol message under one roof: `import { Action, Command } from '../proto/messages.js'`.
 *
 * `Digest` is the message here; the value that the engine works with is in digest/.
 */

import anyPb from 'google-protobuf/google/protobuf/any_pb.js'
import durationPb from 'google-protobuf/google/protobuf/duration_pb.js'
import emptyPb from 'google-protobuf/google/protobuf/empty_pb.js'
import timestampPb from 'google-protobuf/google/protobuf/timestamp_pb.js'
import wrappersPb from 'google-protobuf/google/protobuf/wrappers_pb.js'
import type {
  ChunkingFunction,
  Command,
  Compressor,
  DigestFunction,
  ExecutionStage,
  SymlinkAbsolutePathStrategy,
} from './gen/build/bazel/remote/execution/v2/remote_execution_pb.js'
import type { CodeMap } from './gen/google/rpc/code_pb.js'
import type { HealthCheckResponse } from './gen/grpc/health/v1/health_pb.js'

export * from './gen/build/bazel/remote/execution/v2/remote_execution_pb.js'
export * from './gen/build/bazel/semver/semver_pb.js'
export * from './gen/google/bytestream/bytestream_pb.js'
export * from './gen/google/longrunning/operations_pb.js'
export { Code as RpcCode } from './gen/google/rpc/code_pb.js'
export * from './gen/google/rpc/error_details_pb.js'
export { Status as RpcStatus } from './gen/google/rpc/status_pb.js'

export * from './gen/gorego/execution/v1/history_pb.js'
export * from './gen/gorego/execution/v1/resource_usage_pb.js'
export * from './gen/grpc/health/v1/health_pb.js'

// google-protobuf is CommonJS: Node offers its modules as default imports only, so names are given to what is inside.
export const Any = anyPb.Any
export type Any = anyPb.Any
export const Duration = durationPb.Duration
export type Duration = durationPb.Duration
export const Empty = emptyPb.Empty
export type Empty = emptyPb.Empty
export const Timestamp = timestampPb.Timestamp
export type Timestamp = timestampPb.Timestamp
export const UInt32Value = wrappersPb.UInt32Value
export type UInt32Value = wrappersPb.UInt32Value

type ValueOf<T> = T[keyof T]

// What the enum fields hold. A peer may send numbers that are not listed.
export type ChunkingFunctionValue = ValueOf<ChunkingFunction.ValueMap>
export type CompressorValue = ValueOf<Compressor.ValueMap>
export type DigestFunctionValue = ValueOf<DigestFunction.ValueMap>
export type ExecutionStageValue = ValueOf<ExecutionStage.ValueMap>
export type OutputDirectoryFormatValue = ValueOf<Command.OutputDirectoryFormatMap>
export type ServingStatusValue = ValueOf<HealthCheckResponse.ServingStatusMap>
export type RpcCodeValue = ValueOf<CodeMap>
export type SymlinkAbsolutePathStrategyValue = ValueOf<SymlinkAbsolutePathStrategy.ValueMap>
