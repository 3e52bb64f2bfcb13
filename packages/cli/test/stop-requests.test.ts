import { EventEmitter } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { StopRequests } from '../src/ui/stop-requests.js'

function watch() {
  const emitter = new EventEmitter()
  const time = { now: 0 }
  const heard: string[] = []
  const requests = new StopRequests(
    emitter,
    (signal, times) => heard.push(`${signal} ${times}`),
    () => time.now,
  )
  return { emitter, time, heard, requests }
}

test('counts how often it was asked', () => {
  const { emitter, time, heard } = watch()
  emitter.emit('SIGTERM', 'SIGTERM')
  time.now = 1000
  emitter.emit('SIGINT', 'SIGINT')
  assert.equal(heard, ['SIGTERM 1', 'SIGINT 2'])
})

test('a signal that npm passes on after the terminal has sent it is the same request', () => {
  const { emitter, time, heard } = watch()
  emitter.emit('SIGINT', 'SIGINT')
  time.now = 20
  emitter.emit('SIGINT', 'SIGINT')
  assert.equal(heard, ['SIGINT 1'])
})

test('leaves no listener behind', () => {
  const { emitter, requests } = watch()
  requests[Symbol.dispose]()
  assert.equal(emitter.eventNames(), [])
})

test.run()
