import type { Http2Session, ServerHttp2Stream } from 'node:http2'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { NARROW_WINDOW, ReceiveWindow, streamWindow, WIDE_WINDOW } from './receive-window.js'

const MIB = 1024 * 1024

test('a window is as wide as the line is long', () => {
  const windows = [0, 0.1, 2, 3, 6, 11, 20, 500, Number.POSITIVE_INFINITY].map((ms) => streamWindow(ms, 1) / MIB)
  assert.equal(windows, [4, 4, 4, 8, 16, 32, 32, 32, 32])
})

test('uploads of one connection share it, down to what a near client may send in any case', () => {
  const windows = [0, 1, 2, 3, 4, 5, 8, 16, 17, 1000].map((uploads) => streamWindow(20, uploads) / MIB)
  assert.equal(windows, [32, 32, 32, 32, 16, 16, 8, 4, 4, 4])
  assert.ok(windows.every((window) => window * MIB >= NARROW_WINDOW && window * MIB <= WIDE_WINDOW))
})

/** What a session is asked for and answers, by hand. */
class FakeSession {
  destroyed = false
  closed = false
  readonly told: number[] = []
  readonly pings: ((error: Error | null, ms: number) => void)[] = []
  readonly acknowledgements: (() => void)[] = []

  setLocalWindowSize(): void {}

  ping(answer: (error: Error | null, ms: number) => void): void {
    this.pings.push(answer)
  }

  settings({ initialWindowSize }: { initialWindowSize: number }, acknowledged: () => void): void {
    this.told.push(initialWindowSize / MIB)
    this.acknowledgements.push(acknowledged)
  }

  /** The next ping comes back after so long. */
  pong(ms: number): void {
    this.pings.shift()?.(null, ms)
  }

  get opened(): ReceiveWindow {
    return ReceiveWindow.open(this as unknown as Http2Session)
  }
}

/** An upload that ends when told to. */
class FakeUpload {
  end = () => {}

  once(_event: 'close', listener: () => void): void {
    this.end = listener
  }

  get stream(): ServerHttp2Stream {
    return this as unknown as ServerHttp2Stream
  }
}

test('a near client is told nothing, and asked once', () => {
  const session = new FakeSession()
  const window = session.opened
  session.pong(0.3)
  for (let n = 0; n < 100; n++) window.count(new FakeUpload().stream)
  assert.equal(session.told, [])
  assert.is(session.pings.length, 0)
})

test('of several round trips the quickest counts: a busy process is no long line', () => {
  const session = new FakeSession()
  void session.opened
  for (const ms of [30, 40, 0.5]) session.pong(ms)
  assert.is(session.pings.length, 0)
  assert.equal(session.told, [])
  const far = new FakeSession()
  void far.opened
  for (const ms of [30, 20, 25, 21, 22]) far.pong(ms)
  assert.is(far.pings.length, 0)
  assert.equal(far.told, [32])
})

test('a client is told one window at a time, and always the last one', () => {
  const session = new FakeSession()
  const window = session.opened
  for (let n = 0; n < 5; n++) session.pong(20)
  const uploads = Array.from({ length: 16 }, () => new FakeUpload())
  for (const upload of uploads) window.count(upload.stream)
  assert.equal(session.told, [32])
  session.acknowledgements.shift()?.()
  assert.equal(session.told, [32, 4])
  for (const upload of uploads) upload.end()
  session.acknowledgements.shift()?.()
  assert.equal(session.told, [32, 4, 32])
  session.acknowledgements.shift()?.()
  assert.equal(session.told, [32, 4, 32])
})

test('a connection that is gone is neither asked nor told', () => {
  const session = new FakeSession()
  session.destroyed = true
  session.opened.count(new FakeUpload().stream)
  assert.is(session.pings.length, 0)
  const later = new FakeSession()
  const window = later.opened
  later.pings.shift()?.(new Error('the connection was closed'), 0)
  later.closed = true
  window.count(new FakeUpload().stream)
  assert.equal(later.told, [])
})

test.run()
