import { EventEmitter } from 'node:events'
import { Metadata } from '@grpc/grpc-js'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GrpcCallContext } from './call-context.js'

/** As grpc-js's: `cancelled` is set, then those who listen are told. */
class FakeCall extends EventEmitter {
  cancelled = false
  metadata = new Metadata()

  cancel(): void {
    this.cancelled = true
    this.emit('cancelled', 'cancelled')
  }
}

test('GEN-07: the signal is aborted when the client goes, whether it was asked for before or after', () => {
  const call = new FakeCall()
  const [early, late] = [new GrpcCallContext(call, '/a/b'), new GrpcCallContext(call, '/a/b')]
  const { signal } = early
  assert.not(signal.aborted)
  assert.not(early.cancelled)
  call.cancel()
  assert.ok(signal.aborted)
  assert.ok(late.signal.aborted)
  assert.ok(late.cancelled)
})

test('there is one signal, and no listener before somebody asks for it', () => {
  const call = new FakeCall()
  const context = new GrpcCallContext(call, '/a/b')
  assert.is(call.listenerCount('cancelled'), 0)
  assert.is(context.signal, context.signal)
  assert.is(call.listenerCount('cancelled'), 1)
})

test('the end of a call that went well aborts nothing', () => {
  const call = new FakeCall()
  const context = new GrpcCallContext(call, '/a/b')
  const { signal } = context
  context.end()
  call.cancel()
  assert.not(signal.aborted)
})

test.run()
