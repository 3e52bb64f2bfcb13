import { deepEqual, equal, ok } from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { GoregoError } from '@gorego/core'
import { rejectsWith } from '@gorego/core/testing'
import { test } from 'uvu'
import { channelEnds } from '../../test/channel-ends.js'
import { Channel } from './channel.js'

test('calls go out together and are answered by whoever is ready first', async () => {
  const waiting: (() => void)[] = []
  using both = await channelEnds({
    slow: (message) => new Promise((resolve) => waiting.push(() => resolve(message))),
    fast: ({ head }) => ({ head: { was: head } }),
  })
  const slow = both.here.call('slow', { head: 1, bytes: Buffer.from('bytes') })
  deepEqual((await both.here.call('fast', { head: 2 })).head, { was: 2 })
  equal(waiting.length, 1)
  waiting[0]?.()
  const { head, bytes } = await slow
  deepEqual([head, Buffer.from(bytes ?? []).toString()], [1, 'bytes'])
})

test('answers come in the order in which they were given', async () => {
  using both = await channelEnds({
    count(_, call) {
      for (let n = 0; n < 3; n++) call.next({ head: n })
      return { head: 'end' }
    },
  })
  const heard: unknown[] = []
  const { head } = await both.here.call('count', {}, { onNext: (message) => heard.push(message.head) })
  deepEqual([...heard, head], [0, 1, 2, 'end'])
})

test('what is thrown on one side is thrown on the other, with its code and details', async () => {
  const details = [{ kind: 'retry-after', delayMs: 5 }] as const
  using both = await channelEnds({
    full() {
      throw new GoregoError('resource-exhausted', 'full', { details })
    },
    broken() {
      throw new TypeError('a bug')
    },
  })
  const error = await both.here.call('full').catch((thrown) => thrown)
  ok(error instanceof GoregoError)
  deepEqual([error.code, error.message, error.details], ['resource-exhausted', 'full', details])
  const bug = await both.here.call('broken').catch((thrown) => thrown)
  equal(bug.code, 'internal')
  ok(bug.stack.includes('TypeError: a bug'), bug.stack)
  await rejectsWith('unimplemented', both.here.call('no such method'))
})

test('a call that is taken back is aborted over there', async () => {
  let aborted = () => {}
  const wasAborted = new Promise<void>((resolve) => (aborted = resolve))
  using both = await channelEnds({
    wait(_, { signal }) {
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => {
          aborted()
          reject(signal.reason)
        }),
      )
    },
  })
  const abort = new AbortController()
  const call = both.here.call('wait', {}, { signal: abort.signal })
  abort.abort()
  equal((await call.catch((error) => error)).name, 'AbortError')
  await wasAborted
})

test('when one end is gone, its calls are aborted, and those to it are unavailable', async () => {
  let begun = () => {}
  const hasBegun = new Promise<void>((resolve) => (begun = resolve))
  let signal: AbortSignal | undefined
  using both = await channelEnds({
    wait: (_, call) => {
      signal = call.signal
      begun()
      return new Promise(() => {})
    },
  })
  const call = both.here.call('wait')
  await hasBegun
  both.here.close()
  await rejectsWith('unavailable', call)
  await both.there.closed
  ok(signal?.aborted)
  await rejectsWith('unavailable', both.here.call('wait'))
})

test('bytes that are no frames end the connection', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const raw = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  server.close()
  const channel = new Channel(accepted, {})
  raw.on('error', () => {}).write(Buffer.alloc(100))
  await channel.closed
  raw.destroy()
})

test.run()
