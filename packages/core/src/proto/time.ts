import { Duration, Timestamp } from './messages.js'

// The ranges that protobuf allows: years 1 to 9999, and ±10,000 years.
const MIN_TIMESTAMP_SECONDS = -62_135_596_800
const MAX_TIMESTAMP_SECONDS = 253_402_300_799
const MAX_DURATION_SECONDS = 315_576_000_000

const NANOS_PER_SECOND = 1_000_000_000

/**
 * Milliseconds since 1970 as a Timestamp. Fractions count, but today's dates leave a number only a quarter of a
 * microsecond of resolution.
 */
export function timestampFromMillis(millis: number): Timestamp {
  const { seconds, nanos } = splitMillis(millis, 'timestamp')
  checkTimestamp(seconds, nanos)
  return new Timestamp().setSeconds(seconds).setNanos(nanos)
}

/** Milliseconds since 1970, with a fraction. Throws a RangeError where protobuf does not allow the value. */
export function timestampToMillis(timestamp: Timestamp): number {
  const seconds = timestamp.getSeconds()
  const nanos = timestamp.getNanos()
  checkTimestamp(seconds, nanos)
  return seconds * 1000 + nanos / 1e6
}

/** Milliseconds, possibly negative or with a fraction, as a Duration. */
export function durationFromMillis(millis: number): Duration {
  let { seconds, nanos } = splitMillis(millis, 'duration')
  // Both parts of a Duration have the sign of the whole.
  if (seconds < 0 && nanos > 0) {
    seconds += 1
    nanos -= NANOS_PER_SECOND
  }
  checkDuration(seconds, nanos)
  return new Duration().setSeconds(seconds).setNanos(nanos)
}

/** Milliseconds, with a fraction. Throws a RangeError where protobuf does not allow the value. */
export function durationToMillis(duration: Duration): number {
  const seconds = duration.getSeconds()
  const nanos = duration.getNanos()
  checkDuration(seconds, nanos)
  return seconds * 1000 + nanos / 1e6
}

/** Whole seconds towards minus infinity and the nanoseconds left over, 0 to 999,999,999. */
function splitMillis(millis: number, what: string): { seconds: number; nanos: number } {
  if (!Number.isFinite(millis)) throw new RangeError(`${what} of ${millis} ms`)
  const seconds = Math.floor(millis / 1000)
  const nanos = Math.round((millis - seconds * 1000) * 1e6)
  return nanos === NANOS_PER_SECOND ? { seconds: seconds + 1, nanos: 0 } : { seconds, nanos }
}

function checkTimestamp(seconds: number, nanos: number): void {
  if (!(seconds >= MIN_TIMESTAMP_SECONDS && seconds <= MAX_TIMESTAMP_SECONDS)) {
    throw new RangeError(`timestamp of ${seconds} s is outside of years 1 to 9999`)
  }
  if (!(nanos >= 0 && nanos < NANOS_PER_SECOND)) throw new RangeError(`timestamp with ${nanos} ns`)
}

function checkDuration(seconds: number, nanos: number): void {
  if (!(Math.abs(seconds) <= MAX_DURATION_SECONDS)) {
    throw new RangeError(`duration of ${seconds} s is outside of ±${MAX_DURATION_SECONDS} s`)
  }
  if (!(Math.abs(nanos) < NANOS_PER_SECOND)) throw new RangeError(`duration with ${nanos} ns`)
  if ((seconds < 0 && nanos > 0) || (seconds > 0 && nanos < 0)) {
    throw new RangeError(`duration of ${seconds} s and ${nanos} ns: the signs differ`)
  }
}
