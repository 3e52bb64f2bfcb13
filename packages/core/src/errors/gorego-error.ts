/** What went wrong, in the engine's own words; only the gRPC server translates them into gRPC's codes. */
export type ErrorCode =
  | 'aborted'
  | 'already-exists'
  | 'cancelled'
  | 'deadline-exceeded'
  | 'failed-precondition'
  | 'internal'
  | 'invalid-argument'
  | 'not-found'
  | 'out-of-range'
  | 'permission-denied'
  | 'resource-exhausted'
  | 'unauthenticated'
  | 'unavailable'
  | 'unimplemented'

/**
 * What a program can act on, beside the message that a person reads.
 * `missing-blobs`: subjects as REAPI writes them in a MISSING violation, `blobs/[fn/]hash/size` (EX-06).
 * `retry-after`: how long to wait before the same call may succeed, in milliseconds (GEN-02).
 */
export type ErrorDetail =
  | { readonly kind: 'missing-blobs'; readonly subjects: readonly string[] }
  | { readonly kind: 'retry-after'; readonly delayMs: number }

/** For what a person, or the end of other work, has to cure. */
const RETRY_AFTER_MS = 30_000

/** What an error says beside its code and message. */
export interface GoregoErrorOptions {
  readonly details?: readonly ErrorDetail[]
  readonly cause?: unknown
}

/** The one error class that core throws on purpose. Anything else that is thrown is a bug or the operating system. */
export class GoregoError extends Error {
  override readonly name: string = 'GoregoError'
  readonly code: ErrorCode
  readonly details: readonly ErrorDetail[]

  constructor(code: ErrorCode, message: string, options: GoregoErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.details = options.details ?? []
  }

  /**
   * Wraps whatever was thrown: a GoregoError stays itself, an abort is `cancelled`, AbortSignal.timeout's
   * `deadline-exceeded`, a full disk `resource-exhausted`, the rest `internal`.
   */
  static from(thrown: unknown): GoregoError {
    if (thrown instanceof GoregoError) return thrown
    if (!(thrown instanceof Error)) return new GoregoError('internal', String(thrown), { cause: thrown })
    if (thrown.name === 'AbortError') return new GoregoError('cancelled', 'the call was cancelled', { cause: thrown })
    if (thrown.name === 'TimeoutError') {
      return new GoregoError('deadline-exceeded', 'the call took too long', { cause: thrown })
    }
    const systemCode = (thrown as NodeJS.ErrnoException).code
    if (systemCode === 'ENOSPC' || systemCode === 'EDQUOT' || systemCode === 'EFBIG') {
      return new GoregoError('resource-exhausted', `no space left on the disk: ${thrown.message}`, {
        details: [{ kind: 'retry-after', delayMs: RETRY_AFTER_MS }],
        cause: thrown,
      })
    }
    if (systemCode === 'EMFILE' || systemCode === 'ENFILE') {
      return new GoregoError('resource-exhausted', 'too many files are open at once; try again later', {
        cause: thrown,
      })
    }
    return new GoregoError('internal', thrown.message, { cause: thrown })
  }
}
