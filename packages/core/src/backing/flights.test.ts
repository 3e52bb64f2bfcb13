import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Flights } from './flights.js'

const reason = new Error('gone')
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => assert.unreachable(),
    (error) => error,
  )

test('who wants the same at one time shares the work; one who leaves harms nobody', async () => {
  const flights = new Flights<string>()
  let starts = 0
  let land = (_: string) => {}
  let abandoned: AbortSignal | undefined
  const start = (signal: AbortSignal) => {
    starts++
    abandoned = signal
    return new Promise<string>((resolve) => {
      land = resolve
    })
  }
  const first = new AbortController()
  const leaving = failure(flights.join('k', start, first.signal))
  const staying = [flights.join('k', start), flights.join('k', start, new AbortController().signal)]
  first.abort(reason)
  assert.is(await leaving, reason)
  assert.not(abandoned?.aborted)
  land('landed')
  assert.equal(await Promise.all(staying), ['landed', 'landed'])
  assert.is(starts, 1)
  assert.is(flights.size, 0)
})

test('work that nobody waits for any more is given up, and the next one starts it anew', async () => {
  const flights = new Flights<string>()
  const signals: AbortSignal[] = []
  const start = (signal: AbortSignal) => {
    signals.push(signal)
    return new Promise<string>((_, reject) => signal.addEventListener('abort', () => reject(reason)))
  }
  const abort = [new AbortController(), new AbortController()]
  const left = abort.map(({ signal }) => failure(flights.join('k', start, signal)))
  abort[0]?.abort(reason)
  assert.not(signals[0]?.aborted)
  abort[1]?.abort(reason)
  await Promise.all(left)
  assert.ok(signals[0]?.aborted)
  assert.is(await flights.join('k', async () => 'anew'), 'anew')
})

test('a failure is told to all, and forgotten', async () => {
  const flights = new Flights<string>()
  const fail = () => Promise.reject(reason)
  assert.equal(await Promise.all([failure(flights.join('k', fail)), failure(flights.join('k', fail))]), [
    reason,
    reason,
  ])
  assert.is(await flights.join('k', async () => 'anew'), 'anew')
})

test.run()
