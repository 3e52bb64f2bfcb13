import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { GoregoError } from '../errors/index.js'
import { actionOf, HandDriven, resultOf, settle } from '../testing/hand-driven.js'
import type { ExecuteRequest, OperationState } from './operation.js'

const MINUTE = 60_000

function throws(code: string, act: () => unknown): void {
  assert.throws(act, (error: unknown) => error instanceof GoregoError && error.code === code)
}

async function completed(hand: HandDriven, action: string): Promise<string> {
  const name = await hand.ask(action)
  await hand.run(action).end(resultOf(action))
  return name
}

test('EX-19 an operation that nobody waits for is cancelled after a minute', async () => {
  const hand = new HandDriven()
  const [running, queued] = [await hand.ask('a'), await hand.ask('b')]
  hand.clock.advance(MINUTE - 1)
  assert.is(hand.stage(running), 'executing')
  hand.clock.advance(1)
  for (const name of [running, queued]) {
    assert.is(hand.outcome(name)?.failure?.code, 'cancelled')
    assert.match(hand.outcome(name)?.failure?.message ?? '', /nobody has waited .* 60 s/)
  }
  assert.ok(hand.run('a').signal.aborted)
  assert.equal(hand.started, ['a'])
})

test('EX-19 not while somebody listens, and the time starts again when the last one leaves', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  const first = hand.scheduler.subscribe(name, () => {})
  const second = hand.scheduler.subscribe(name, () => {})
  hand.clock.advance(60 * MINUTE)
  first[Symbol.dispose]()
  first[Symbol.dispose]()
  hand.clock.advance(60 * MINUTE)
  assert.is(hand.stage(name), 'executing')
  second[Symbol.dispose]()
  hand.clock.advance(MINUTE - 1)
  const third = hand.scheduler.subscribe(name, () => {})
  hand.clock.advance(MINUTE)
  assert.is(hand.stage(name), 'executing')
  third[Symbol.dispose]()
  hand.clock.advance(MINUTE)
  assert.is(hand.stage(name), 'completed')
})

test('EX-19 who asks for the state again and again is waiting', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  for (let n = 0; n < 10; n++) {
    hand.clock.advance(MINUTE - 1)
    assert.is(hand.scheduler.get(name).stage, 'executing')
  }
  hand.clock.advance(MINUTE)
  assert.is(hand.outcome(name)?.failure?.code, 'cancelled')
})

test('EX-19 EX-18 one client that vanishes takes nothing from the others', async () => {
  const hand = new HandDriven()
  const [gone, there] = [await hand.ask('a'), await hand.ask('a')]
  hand.scheduler.subscribe(there, () => {})
  hand.clock.advance(MINUTE)
  assert.equal([hand.stage(gone), hand.stage(there)], ['completed', 'executing'])
  assert.not(hand.run('a').signal.aborted)
})

test('WX-01 WX-03 whoever asks later hears the state at once, and after completion the outcome', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  const heard: string[][] = [[], [], []]
  const listen = (n: number) => hand.scheduler.subscribe(name, (state) => heard[n]?.push(state.stage))
  listen(0)
  listen(1)
  await hand.run('a').end(resultOf('r'))
  listen(2)
  assert.equal(heard, [['executing', 'completed'], ['executing', 'completed'], ['completed']])
})

test('a listener that has left hears nothing more; one function may listen twice', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  let heard = 0
  const listener = () => {
    heard++
  }
  const first = hand.scheduler.subscribe(name, listener)
  hand.scheduler.subscribe(name, listener)
  first[Symbol.dispose]()
  await hand.run('a').end(resultOf('r'))
  assert.is(heard, 3)
})

test('the last thing that each listener hears is the completion, also when one of them cancels', async () => {
  for (const stage of ['cache-check', 'queued', 'executing']) {
    const hand = new HandDriven()
    const { name } = await hand.scheduler.execute({ instance: '', action: actionOf('a') })
    const heard: OperationState[][] = [[], []]
    hand.scheduler.subscribe(name, (state) => heard[0]?.push(state))
    hand.scheduler.subscribe(name, (state) => state.stage === stage && hand.scheduler.cancel(name))
    hand.scheduler.subscribe(name, (state) => heard[1]?.push(state))
    await settle()
    for (const states of heard) assert.is(states.at(-1)?.stage, 'completed', stage)
    for (const { signal } of hand.runs) assert.ok(signal.aborted)
    for (const run of hand.runs) await run.end(resultOf('r'))
    assert.equal(hand.scheduler.load, { queued: 0, running: 0, slots: 1 })
  }
})

test('WX-02 a completed operation can be asked for during ten minutes', async () => {
  const hand = new HandDriven()
  const name = await completed(hand, 'a')
  hand.clock.advance(10 * MINUTE - 1)
  assert.equal(hand.outcome(name), resultOf('a'))
  hand.clock.advance(1)
  for (const ask of ['get', 'cancel', 'delete'] as const) throws('not-found', () => hand.scheduler[ask](name))
  throws('not-found', () => hand.scheduler.subscribe(name, () => {}))
  throws('not-found', () => hand.scheduler.get('never was'))
})

test('of the completed ones only so many are kept, the youngest', async () => {
  const hand = new HandDriven({ maxRetained: 2 })
  const running = await hand.ask('long')
  hand.scheduler.subscribe(running, () => {})
  const names: string[] = []
  for (const action of ['a', 'b', 'c']) {
    names.push(await hand.ask(action))
    hand.scheduler.cancel(names.at(-1) ?? '')
  }
  throws('not-found', () => hand.scheduler.get(names[0] ?? ''))
  assert.equal(
    hand.scheduler.list().operations.map((state) => state.name),
    [running, names[1], names[2]],
  )
})

test('OP-02 the list comes in pages', async () => {
  const hand = new HandDriven()
  const names: string[] = []
  for (let n = 0; n < 7; n++) names.push(await hand.ask(`a${n}`))
  const listed: string[] = []
  const sizes: number[] = []
  let pageToken: string | undefined = ''
  while (pageToken !== undefined) {
    const page: ReturnType<typeof hand.scheduler.list> = hand.scheduler.list({ pageSize: 3, pageToken })
    listed.push(...page.operations.map((state) => state.name))
    sizes.push(page.operations.length)
    pageToken = page.nextPageToken
    // What goes or comes meanwhile does not shift the pages.
    if (sizes.length === 1) hand.scheduler.delete(names[0] ?? '')
  }
  assert.equal(listed, names)
  assert.equal(sizes, [3, 3, 1])
  assert.is(hand.scheduler.list({ pageSize: 6 }).nextPageToken, undefined, 'a page that is just full is the last')
  assert.is(hand.scheduler.list({ pageSize: 1_000_000 }).operations.length, 6)
})

test('OP-02 a list can be of some only, and its pages are full all the same', async () => {
  const hand = new HandDriven()
  const names: string[] = []
  for (let n = 0; n < 9; n++) names.push(await hand.ask(`a${n}`, { instance: n % 3 === 0 ? 'mine' : 'other' }))
  const first = hand.scheduler.list({ pageSize: 2, instance: 'mine' })
  const second = hand.scheduler.list({ pageSize: 2, instance: 'mine', pageToken: first.nextPageToken ?? '' })
  const listed = [first, second].map((page) => page.operations.map((state) => state.name))
  assert.equal(listed, [[names[0], names[3]], [names[6]]])
  assert.is(second.nextPageToken, undefined)
})

test('OP-02 a list can be of what is completed, or of what is not', async () => {
  const hand = new HandDriven()
  const names = [await hand.ask('ended'), await hand.ask('waiting')]
  hand.scheduler.cancel(names[0] ?? '')
  const listed = (done: boolean) => hand.scheduler.list({ done }).operations.map((state) => state.name)
  assert.equal([listed(true), listed(false)], [[names[0]], [names[1]]])
})

test('a started action tells its listener every state, until nobody wants to hear more', async () => {
  const hand = new HandDriven()
  const heard: string[] = []
  const request = { instance: '', action: actionOf('a') }
  const subscription = await hand.scheduler.start(request, ({ stage }) => heard.push(stage))
  await settle()
  assert.equal(heard, ['cache-check', 'queued', 'executing'])
  subscription[Symbol.dispose]()
  hand.scheduler.cancel(hand.scheduler.list().operations[0]?.name ?? '')
  assert.is(heard.length, 3)
})

test('OP-02 whatever is given as a page token is one, or refused', async () => {
  const hand = new HandDriven()
  for (let n = 0; n < 3; n++) await hand.ask(`a${n}`)
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.nat().map(String)), (pageToken) => {
      try {
        assert.ok(hand.scheduler.list({ pageToken }).operations.length <= 3)
        assert.match(pageToken, /^\d*$/)
      } catch (error) {
        assert.ok(error instanceof GoregoError && error.code === 'invalid-argument')
      }
    }),
  )
})

test('who looks sees what runs and what waits, the oldest first, each action once', async () => {
  const hand = new HandDriven()
  const labels = { target: '//a' }
  await hand.ask('a', { labels })
  await hand.ask('a')
  for (const [action, priority] of [
    ['b', 5],
    ['c', 1],
    ['d', 1],
  ] as const)
    await hand.ask(action, { priority })
  const seen = (most?: number) => {
    const { running, queued } = hand.scheduler.activity(most)
    const line = ({ operation, operations, priority }: (typeof running)[number]) =>
      [operation.action.hash, operations, priority] as const
    return { running: running.map(line), queued: queued.map(line) }
  }
  const hash = (action: string) => actionOf(action).hash
  assert.equal(seen(), {
    running: [[hash('a'), 2, 0]],
    queued: [
      [hash('b'), 1, 5],
      [hash('c'), 1, 1],
      [hash('d'), 1, 1],
    ],
  })
  assert.equal(hand.scheduler.activity().running[0]?.operation.labels, labels)
  assert.equal(
    seen(2).queued.map(([action]) => action),
    [hash('b'), hash('c')],
  )
  await hand.run('a').end(resultOf('a'))
  assert.equal(
    seen().running.map(([action]) => action),
    [hash('c')],
  )
  assert.is(seen().queued.length, 2)
  hand.scheduler.cancel(hand.scheduler.activity().queued[0]?.operation.name ?? '')
  assert.equal(
    seen().queued.map(([action]) => action),
    [hash('d')],
  )
})

test('an operation tells when it came to each stage, and its end is told to whoever keeps the log', async () => {
  const ended: [OperationState, ExecuteRequest][] = []
  const hand = new HandDriven({ onCompleted: (...operation) => void ended.push(operation) })
  const labels = { target: '//a' }
  const start = hand.clock.now()
  const first = await hand.ask('a', { labels })
  hand.clock.advance(5)
  const second = await hand.ask('b')
  hand.clock.advance(7)
  hand.scheduler.delete(second)
  await hand.run('a').end(resultOf('a'))
  hand.clock.advance(9)
  await hand.run('b').end(resultOf('b'))
  assert.equal(
    ended.map(([{ name, enteredAt, labels }, request]) => [name, enteredAt, labels, request.labels]),
    [
      [first, { 'cache-check': start, queued: start, executing: start, completed: start + 12 }, labels, labels],
      // WX-02: whoever deleted it knows no more of it, but it ran.
      [
        second,
        { 'cache-check': start + 5, queued: start + 5, executing: start + 12, completed: start + 21 },
        undefined,
        undefined,
      ],
    ],
  )
  const cancelled = await hand.ask('c')
  hand.scheduler.cancel(cancelled)
  hand.scheduler.cancel(cancelled)
  assert.equal([ended.length, ended[2]?.[0].outcome?.failure?.code], [3, 'cancelled'])
})

test('OP-02 page tokens that are none are refused', () => {
  const { scheduler } = new HandDriven()
  for (const pageToken of ['x', '-1', '1.5', '0x10', ' 1', '1e3', '9'.repeat(16)]) {
    throws('invalid-argument', () => scheduler.list({ pageToken }))
  }
  throws('invalid-argument', () => scheduler.list({ pageSize: -1 }))
  assert.equal(scheduler.list({ pageToken: '999' }), { operations: [] })
})

test('OP-02 delete hides an operation and does not cancel it', async () => {
  const hand = new HandDriven()
  const name = await hand.ask('a')
  const states: OperationState[] = []
  hand.scheduler.subscribe(name, (state) => states.push(state))
  hand.scheduler.delete(name)
  throws('not-found', () => hand.scheduler.get(name))
  assert.equal(hand.scheduler.list(), { operations: [] })
  assert.not(hand.run('a').signal.aborted)
  await hand.run('a').end(resultOf('r'))
  assert.equal(states.at(-1)?.outcome, resultOf('r'))
  const other = await completed(hand, 'b')
  hand.scheduler.delete(other)
  throws('not-found', () => hand.scheduler.get(other))
  assert.is(hand.clock.pending, 1, 'one timer of the retention at most')
})

test.run()
