import { type ErrorCode, type ErrorDetail, GoregoError, reapi } from '@gorego/core'
import { Metadata, type StatusObject, status } from '@grpc/grpc-js'

/** The only place that knows what core's codes are in gRPC. */
const GRPC_CODES: Record<ErrorCode, status> = {
  aborted: status.ABORTED,
  'already-exists': status.ALREADY_EXISTS,
  cancelled: status.CANCELLED,
  'deadline-exceeded': status.DEADLINE_EXCEEDED,
  'failed-precondition': status.FAILED_PRECONDITION,
  internal: status.INTERNAL,
  'invalid-argument': status.INVALID_ARGUMENT,
  'not-found': status.NOT_FOUND,
  'out-of-range': status.OUT_OF_RANGE,
  'permission-denied': status.PERMISSION_DENIED,
  'resource-exhausted': status.RESOURCE_EXHAUSTED,
  unauthenticated: status.UNAUTHENTICATED,
  unavailable: status.UNAVAILABLE,
  unimplemented: status.UNIMPLEMENTED,
}

const CORE_CODES = new Map(Object.entries(GRPC_CODES).map(([code, value]) => [value, code as ErrorCode]))

/** Both travel in HTTP headers, of which some clients take 8 KiB in all: bytes of the encoded message, and of the details. */
const LONGEST_MESSAGE = 2_000
const LONGEST_DETAILS = 3_000

/** Anything with a code, a message and details: a GoregoError, or the failure in an outcome. */
export interface Described {
  readonly code: ErrorCode
  readonly message: string
  readonly details: readonly ErrorDetail[]
}

/** As `google.rpc.Status`: in ExecuteResponse and batch entries, and behind every failed call (GEN-05). */
export function toRpcStatus({ code, message, details }: Described): reapi.RpcStatus {
  const rpcStatus = new reapi.RpcStatus().setCode(GRPC_CODES[code]).setMessage(wellFormed(message))
  for (const detail of details) rpcStatus.addDetails(toAny(detail))
  return rpcStatus
}

/** What grpc-js ends a call with. */
export function toCallStatus(described: Described): StatusObject {
  const message = cut(described.message)
  const metadata = new Metadata()
  if (described.details.length > 0) {
    const packed = toRpcStatus({ ...described, message }).serializeBinary()
    if (packed.length <= LONGEST_DETAILS) metadata.set('grpc-status-details-bin', Buffer.from(packed))
  }
  return { code: GRPC_CODES[described.code], details: message, metadata }
}

/** What another server's status means to us: for clients of ours. */
export function fromRpcStatus(rpcStatus: reapi.RpcStatus): GoregoError {
  const details = rpcStatus.getDetailsList().flatMap(fromAny)
  return new GoregoError(coreCode(rpcStatus.getCode()), rpcStatus.getMessage(), { details })
}

/** The same for a call that failed: grpc-js throws an error with the status' fields on it. */
export function fromCallStatus({ code, details, metadata }: StatusObject): GoregoError {
  const [packed] = metadata?.get('grpc-status-details-bin') ?? []
  if (Buffer.isBuffer(packed)) {
    try {
      return fromRpcStatus(reapi.RpcStatus.deserializeBinary(packed))
    } catch {
      // Whatever that was, the plain code and message are still good.
    }
  }
  return new GoregoError(coreCode(code), details)
}

function coreCode(code: number): ErrorCode {
  return CORE_CODES.get(code) ?? 'internal'
}

function toAny(detail: ErrorDetail): reapi.Any {
  if (detail.kind === 'retry-after') {
    const retryInfo = new reapi.RetryInfo().setRetryDelay(reapi.durationFromMillis(detail.delayMs))
    return reapi.packAny('google.rpc.RetryInfo', retryInfo)
  }
  const failure = new reapi.PreconditionFailure()
  for (const subject of detail.subjects) {
    failure.addViolations(new reapi.PreconditionFailure.Violation().setType('MISSING').setSubject(subject))
  }
  return reapi.packAny('google.rpc.PreconditionFailure', failure)
}

function fromAny(packed: reapi.Any): ErrorDetail[] {
  const failure = reapi.unpackAny(packed, 'google.rpc.PreconditionFailure', reapi.PreconditionFailure)
  if (failure !== undefined) {
    const missing = failure.getViolationsList().filter((violation) => violation.getType() === 'MISSING')
    return [{ kind: 'missing-blobs', subjects: missing.map((violation) => violation.getSubject()) }]
  }
  const delay = reapi.unpackAny(packed, 'google.rpc.RetryInfo', reapi.RetryInfo)?.getRetryDelay()
  return delay === undefined ? [] : [{ kind: 'retry-after', delayMs: reapi.durationToMillis(delay) }]
}

/** As much of a message as a header has room for; never half a character. */
function cut(message: string): string {
  let kept = ''
  let room = LONGEST_MESSAGE
  for (const character of wellFormed(message.slice(0, LONGEST_MESSAGE))) {
    room -= encodeURI(character).length
    if (room < 0) break
    kept += character
  }
  return kept
}

/** grpc-js URI-encodes messages, which half a surrogate pair would make it throw at. */
function wellFormed(message: string): string {
  return Buffer.from(message).toString('utf8')
}
