import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Duration, Timestamp } from './messages.js'
import { durationFromMillis, durationToMillis, timestampFromMillis, timestampToMillis } from './time.js'

const timestamp = (seconds: number, nanos: number) => new Timestamp().setSeconds(seconds).setNanos(nanos)
const duration = (seconds: number, nanos: number) => new Duration().setSeconds(seconds).setNanos(nanos)

test('timestamps go there and back', () => {
  const table: [millis: number, seconds: number, nanos: number][] = [
    [0, 0, 0],
    [1_700_000_000_123, 1_700_000_000, 123_000_000],
    [1_700_000_000_000.25, 1_700_000_000, 250_000],
    [1.000001, 0, 1_000_001],
    [-1, -1, 999_000_000],
    [-62_135_596_800_000, -62_135_596_800, 0],
    [253_402_300_799_000, 253_402_300_799, 0],
  ]
  for (const [millis, seconds, nanos] of table) {
    assert.equal(timestampFromMillis(millis).toObject(), { seconds, nanos })
    assert.is(timestampToMillis(timestamp(seconds, nanos)), millis)
  }
})

test('nanoseconds round up into the next second', () => {
  assert.equal(timestampFromMillis(999.9999999).toObject(), { seconds: 1, nanos: 0 })
  assert.equal(durationFromMillis(-999.9999999).toObject(), { seconds: -1, nanos: 0 })
})

test('durations go there and back, with one sign for both parts', () => {
  const table: [millis: number, seconds: number, nanos: number][] = [
    [0, 0, 0],
    [1500, 1, 500_000_000],
    [0.000001, 0, 1],
    [-1500, -1, -500_000_000],
    [-0.5, 0, -500_000],
    [-2000, -2, 0],
    [315_576_000_000_000, 315_576_000_000, 0],
  ]
  for (const [millis, seconds, nanos] of table) {
    assert.equal(durationFromMillis(millis).toObject(), { seconds, nanos })
    assert.is(durationToMillis(duration(seconds, nanos)), millis)
  }
})

test('what protobuf does not allow is a RangeError', () => {
  const bad: (() => unknown)[] = [
    () => timestampToMillis(timestamp(0, -1)),
    () => timestampToMillis(timestamp(0, 1_000_000_000)),
    () => timestampToMillis(timestamp(253_402_300_800, 0)),
    () => timestampToMillis(timestamp(-62_135_596_801, 0)),
    () => timestampFromMillis(Number.NaN),
    () => timestampFromMillis(1e18),
    () => durationToMillis(duration(1, -1)),
    () => durationToMillis(duration(-1, 1)),
    () => durationToMillis(duration(0, 1_000_000_000)),
    () => durationToMillis(duration(315_576_000_001, 0)),
    () => durationToMillis(duration(-315_576_000_001, 0)),
    () => durationFromMillis(Number.POSITIVE_INFINITY),
    // The largest int64: google-protobuf reads it as a string.
    () => durationToMillis(Duration.deserializeBinary(Buffer.from('08ffffffffffffffff7f', 'hex'))),
  ]
  for (const call of bad) {
    try {
      call()
    } catch (error) {
      assert.instance(error, RangeError, String(call))
      continue
    }
    assert.unreachable(String(call))
  }
})

test.run()
