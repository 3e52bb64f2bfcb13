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

/** What a violation takes beside its subject: type, tags and lengths. */
const VIOLATION_OVERHEAD = 20

/** Clients retry these whatever else is said (GEN-06), so they are only thrown where a retry can help; and that is said (GEN-02). */
const RETRIED: ReadonlySet<ErrorCode> = new Set(['resource-exhausted', 'unavailable'])
const RETRY_AFTER: ErrorDetail = { kind: 'retry-after', delayMs: 1000 }

/** Anything with a code, a message and details: a GoregoError, or the failure in an outcome. */
export interface Described {
  readonly code: ErrorCode
  readonly message: string
  readonly details: readonly ErrorDetail[]
}

/** As `google.rpc.Status`: in ExecuteResponse and batch entries, and behind every failed call (GEN-05). */
export function toRpcStatus({ code, message, details }: Described): reapi.RpcStatus {
  const rpcStatus = new reapi.RpcStatus().setCode(GRPC_CODES[code]).setMessage(wellFormed(message))
  for (const detail of withRetryAfter(code, details)) rpcStatus.addDetails(toAny(detail))
  return rpcStatus
}

/** What grpc-js ends a call with. */
export function toCallStatus(described: Described): StatusObject {
  const message = cut(described.message)
  const metadata = new Metadata()
  const packed = packDetails({ ...described, message })
  if (packed !== undefined) metadata.set('grpc-status-details-bin', Buffer.from(packed))
  return { code: GRPC_CODES[described.code], details: message, metadata }
}

/**
 * GEN-05. Where there is more to say than headers have room for, the first of the missing blobs are named: a client that
 * uploads these and tries again hears of the next ones, where without any it would try in vain.
 */
function packDetails(described: Described): Uint8Array | undefined {
  const details = withRetryAfter(described.code, described.details)
  if (details.length === 0) return undefined
  const packed = toRpcStatus(described).serializeBinary()
  if (packed.length <= LONGEST_DETAILS) return packed
  const bare = details.map((detail) => (detail.kind === 'missing-blobs' ? { ...detail, subjects: [] } : detail))
  let room = LONGEST_DETAILS - toRpcStatus({ ...described, details: bare }).serializeBinary().length
  const fitting = details.map((detail): ErrorDetail => {
    if (detail.kind !== 'missing-blobs') return detail
    const subjects = detail.subjects.filter((subject) => {
      room -= Buffer.byteLength(subject) + VIOLATION_OVERHEAD
      return room >= 0
    })
    return { ...detail, subjects }
  })
  return toRpcStatus({ ...described, details: fitting }).serializeBinary()
}

function withRetryAfter(code: ErrorCode, details: readonly ErrorDetail[]): readonly ErrorDetail[] {
  if (!RETRIED.has(code) || details.some(({ kind }) => kind === 'retry-after')) return details
  return [...details, RETRY_AFTER]
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
