// Who waits for whom, when calls of one client share a budget: whoever holds bytes gets done with them, and waits for nobody.
import { rejects } from 'node:assert/strict'
import type { ServerHttp2Stream } from 'node:http2'
import { Readable } from 'node:stream'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import type { GoregoError } from '@gorego/core'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import fc from 'fast-check'
import { test } from 'uvu'
import { equal, is, match, ok, unreachable } from 'uvu/assert'
import { type CallBytes, InFlight } from '../clients/in-flight.js'
import { IncomingMessages } from './incoming-messages.js'

/** Longer than anything here takes: who still waits then waits for ever. */
/** A stream that ends as Node's HTTP/2 streams do: with nothing left to read, even while it is paused. */
class FakeStream extends Readable {
  override _read(): void {}

  endOfInput(): void {
    this.push(null)
    this.read(0)
  }
}

class Call {
  readonly stream = new FakeStream()
  readonly bytes: CallBytes
  readonly messages: IncomingMessages

  constructor(inFlight: InFlight, encoding = 'gzip') {
    this.bytes = inFlight.begin('somebody', { cutOff() {} })
    this.messages = new IncomingMessages(this.stream as unknown as ServerHttp2Stream, this.bytes.up, encoding)
  }

  send(...parts: readonly Uint8Array[]): void {
    this.stream.push(Buffer.concat(parts))
  }

  /** What comes to its end, each message given back before the next one is waited for, as a Write does it. */
  async all(): Promise<string[]> {
    const received: string[] = []
    for (;;) {
      if (!this.messages.ready) this.messages.release()
      const pieces = await this.messages.next()
      if (pieces === undefined) break
      received.push(Buffer.concat(pieces).toString('hex'))
    }
    this.bytes.end()
    return received
  }
}

function framed(message: Uint8Array, compressed = false): Buffer {
  const prefix = Buffer.alloc(5)
  prefix[0] = Number(compressed)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

async function beforeForEver<T>(promise: Promise<T>): Promise<T> {
  const done = new AbortController()
  const waiting = sleep(HANG_BOUND_MS, undefined, { signal: done.signal }).then(
    () => unreachable('somebody waits for ever'),
    () => {},
  )
  try {
    return (await Promise.race([promise, waiting])) as T
  } finally {
    done.abort()
  }
}

const FIFTY = Buffer.alloc(50, 1)

test('a message that waits for its turn is not lost when its stream ends', async () => {
  const inFlight = new InFlight({ maxBytes: 100 })
  const [holding, waiting] = [new Call(inFlight), new Call(inFlight)]
  holding.send(framed(Buffer.alloc(100)))
  await holding.messages.next()
  waiting.send(framed(FIFTY))
  await nextTurn()
  waiting.stream.endOfInput()
  await nextTurn()
  const all = waiting.all()
  await nextTurn()
  is(waiting.messages.ended, false)
  is(inFlight.heldBytes('up'), 100)
  holding.bytes.end()
  equal(await beforeForEver(all), [FIFTY.toString('hex')])
  is(inFlight.heldBytes('up'), 0)
})

test('the end of one message in one piece with the beginning of the next does not keep the first', async () => {
  const inFlight = new InFlight({ maxBytes: 100 })
  const calls = [new Call(inFlight), new Call(inFlight)]
  const message = framed(FIFTY)
  for (const call of calls) call.send(message.subarray(0, 30))
  const all = calls.map((call) => call.all())
  await nextTurn()
  is(inFlight.heldBytes('up'), 100)
  for (const call of calls) call.send(message.subarray(30), message)
  await nextTurn()
  for (const call of calls) call.stream.endOfInput()
  const [first, second] = await beforeForEver(Promise.all(all))
  equal(first, [FIFTY.toString('hex'), FIFTY.toString('hex')])
  equal(second, first)
})

test('compressed messages that come together do not wait for each other', async () => {
  const inFlight = new InFlight({ maxBytes: 1000 })
  const call = new Call(inFlight)
  const message = framed(gzipSync(FIFTY), true)
  call.send(message.subarray(0, 10))
  const all = call.all()
  await nextTurn()
  call.send(message.subarray(10), message, message)
  await nextTurn()
  call.stream.endOfInput()
  is((await beforeForEver(all)).length, 3)
})

test('a compressed message costs no more than it may become', async () => {
  const inFlight = new InFlight({ maxBytes: 1e9 })
  const call = new Call(inFlight)
  const compressed = gzipSync(Buffer.alloc(4_000_000))
  call.send(framed(compressed, true))
  await nextTurn()
  const taken = inFlight.heldBytes('up')
  ok(taken >= 4_000_000 && taken < 6_000_000, `${taken}`)
  await call.messages.next()
  is(inFlight.heldBytes('up'), 4_000_000)
  call.bytes.end()
})

test('that more comes is known where it begins, without room for it', async () => {
  const inFlight = new InFlight({ maxBytes: 100 })
  const call = new Call(inFlight)
  call.send(framed(Buffer.alloc(100)), framed(FIFTY))
  await call.messages.next()
  is(await beforeForEver(call.messages.more()), true)
  const alone = new Call(new InFlight({ maxBytes: 100 }))
  alone.send(framed(FIFTY))
  await alone.messages.next()
  const more = alone.messages.more()
  alone.stream.endOfInput()
  is(await beforeForEver(more), false)
})

test('what waits when its call is over has no turn, and says why', async () => {
  const inFlight = new InFlight({ maxBytes: 100 })
  const [holding, waiting] = [new Call(inFlight), new Call(inFlight)]
  holding.send(framed(Buffer.alloc(100)))
  await holding.messages.next()
  waiting.send(framed(FIFTY))
  await nextTurn()
  const refused = rejects(waiting.messages.next(), (error: GoregoError) => {
    is(error.code, 'cancelled')
    match(error.message, /the call is over/)
    return true
  })
  waiting.bytes.end()
  await beforeForEver(refused)
  holding.bytes.end()
  is(inFlight.heldBytes('up'), 0)
})

const message = fc.record({ bytes: fc.uint8Array({ maxLength: 120 }), compressed: fc.boolean() })
const sent = fc.record({ messages: fc.array(message, { maxLength: 8 }), pieceBytes: fc.integer({ min: 1, max: 200 }) })

test('whatever calls of a client send, in whatever pieces, all of it comes, though others hold all that there is', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sent, { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 300 }),
      async (calls, maxBytes) => {
        const inFlight = new InFlight({ maxBytes })
        const received = await beforeForEver(
          Promise.all(
            calls.map(async ({ messages, pieceBytes }) => {
              const call = new Call(inFlight)
              const all = call.all()
              const stream = Buffer.concat(
                messages.map(({ bytes, compressed }) => framed(compressed ? gzipSync(bytes) : bytes, compressed)),
              )
              for (let at = 0; at < stream.length; at += pieceBytes) {
                call.send(stream.subarray(at, at + pieceBytes))
                await nextTurn()
              }
              call.stream.endOfInput()
              return await all
            }),
          ),
        )
        equal(
          received,
          calls.map(({ messages }) => messages.map(({ bytes }) => Buffer.from(bytes).toString('hex'))),
        )
        is(inFlight.heldBytes('up'), 0)
      },
    ),
    { numRuns: 200 },
  )
})

test.run()
