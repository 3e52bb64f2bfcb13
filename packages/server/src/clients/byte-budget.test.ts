// What the calls of one client hold together, whatever they do and in whatever order.
import { deepEqual, equal, match, ok, rejects } from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { GoregoError } from '@gorego/core'
import fc from 'fast-check'
import { test } from 'uvu'
import { ByteBudget, type ByteBudgetOptions } from './byte-budget.js'
import { CountedBytes } from './held-bytes.js'

/** A budget that nobody looks at unless told to. */
const budgetOf = (options: Partial<ByteBudgetOptions> = {}) =>
  new ByteBudget({ maxBytes: 100, lookMs: 2 ** 31 - 1, ...options })

const never = () => {
  throw new Error('nobody was to be cut off')
}

test('what fits comes at once, the rest in the order in which it was asked for', async () => {
  const budget = budgetOf()
  const calls = Array.from({ length: 4 }, () => new CountedBytes(budget, { cutOff: never }))
  const [first, second, third, fourth] = calls as [CountedBytes, CountedBytes, CountedBytes, CountedBytes]
  equal(first.take(60), undefined)
  equal(second.take(40), undefined)
  const order: string[] = []
  const turns = [third.take(70)?.then(() => order.push('third')), fourth.take(10)?.then(() => order.push('fourth'))]
  second.give(40)
  await nextTurn()
  // There is room for the smaller one, which came later.
  deepEqual(order, [])
  first.give(60)
  await Promise.all(turns)
  deepEqual(order, ['third', 'fourth'])
  for (const call of calls) call.end()
  equal(budget.heldBytes, 0)
})

test('what is larger than all that there is goes alone', async () => {
  const budget = budgetOf()
  const [small, large] = [new CountedBytes(budget, { cutOff: never }), new CountedBytes(budget, { cutOff: never })]
  equal(small.take(1), undefined)
  const turn = large.take(1000)
  small.end()
  await turn
  equal(budget.heldBytes, 1000)
  large.end()
  equal(budget.heldBytes, 0)
})

test('a call that ends leaves its place, and gives back what it has', async () => {
  const budget = budgetOf()
  const [holding, leaving, waiting] = Array.from({ length: 3 }, () => new CountedBytes(budget, { cutOff: never })) as [
    CountedBytes,
    CountedBytes,
    CountedBytes,
  ]
  equal(holding.take(50), undefined)
  const left = leaving.take(100)
  const turn = waiting.take(50)
  leaving.end()
  await rejects(left ?? Promise.resolve(), { code: 'cancelled' })
  await turn
  holding.end()
  holding.give(50)
  waiting.end()
  equal(budget.heldBytes, 0)
  await rejects(leaving.take(1) ?? Promise.resolve(), { code: 'cancelled' })
})

test('a call whose client does not do its part is ended for those that wait, and only then', async () => {
  const budget = budgetOf()
  const cut: string[] = []
  const holder = (name: string) => {
    const call: CountedBytes = new CountedBytes(budget, {
      cutOff: ({ code, message }: GoregoError) => {
        cut.push(`${name} ${code}`)
        match(message, /held 40 bytes .*limits\.in_flight_mb/)
        call.end()
      },
    })
    equal(call.take(40), undefined)
    return call
  }
  const [idle, moving, ours] = [holder('idle'), holder('moving'), budget]
  const busy = new CountedBytes(budget, { cutOff: never })
  equal(busy.take(20), undefined)
  for (const call of [idle, moving]) call.awaitClient(true)
  const turn = new CountedBytes(budget, { cutOff: never }).take(40)
  for (let look = 0; look < 4; look++) {
    deepEqual(cut, [])
    moving.awaitClient(true)
    ours.look()
  }
  deepEqual(cut, ['idle resource-exhausted'])
  await turn
})

test('who has waited for five minutes is refused, and told what to do', async () => {
  const waited: number[] = []
  const budget = budgetOf({ onWaited: (ms) => waited.push(ms) })
  const [holding, waiting] = [new CountedBytes(budget, { cutOff: never }), new CountedBytes(budget, { cutOff: never })]
  equal(holding.take(100), undefined)
  const turn = waiting.take(1)
  const refused = rejects(turn ?? Promise.resolve(), (error: GoregoError) => {
    equal(error.code, 'resource-exhausted')
    match(error.message, /hold 100 bytes .* limits\.in_flight_mb .* make fewer calls at once/)
    equal(error.details[0]?.kind, 'retry-after')
    return true
  })
  for (let look = 0; look < 10; look++) budget.look()
  await refused
  equal(waited.length, 1)
  holding.end()
  equal(budget.heldBytes, 0)
  // It may ask again.
  equal(waiting.take(1), undefined)
  waiting.end()
})

test('a call that ends while it waits for more does not get what it gives back', async () => {
  const budget = budgetOf()
  const call = new CountedBytes(budget, { cutOff: never })
  equal(call.take(60), undefined)
  const more = rejects(call.take(60) ?? Promise.resolve(), { code: 'cancelled' })
  call.end()
  await more
  equal(budget.heldBytes, 0)
})

test('a call that is cancelled waits no longer, and keeps what it holds until it gives it back', async () => {
  const budget = budgetOf()
  const [call, other] = [new CountedBytes(budget, { cutOff: never }), new CountedBytes(budget, { cutOff: never })]
  equal(call.take(60), undefined)
  const more = rejects(call.take(60) ?? Promise.resolve(), { code: 'cancelled' })
  const turn = other.take(40)
  call.cancel()
  await Promise.all([more, turn])
  equal(budget.heldBytes, 100)
  await rejects(call.take(1) ?? Promise.resolve(), { code: 'cancelled' })
  call.give(60)
  equal(budget.heldBytes, 40)
  call.end()
  other.end()
})

type Step =
  | { readonly do: 'take'; readonly call: number; readonly bytes: number }
  | { readonly do: 'give' | 'settle'; readonly call: number; readonly share: number }
  | { readonly do: 'clear' | 'end' | 'await'; readonly call: number }
  | { readonly do: 'look' }

const call = fc.nat(4)
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('take' as const), call, bytes: fc.integer({ min: 1, max: 150 }) }),
  fc.record({
    do: fc.constantFrom('give' as const, 'settle' as const),
    call,
    share: fc.double({ min: 0, max: 1, noNaN: true }),
  }),
  fc.record({ do: fc.constantFrom('clear' as const, 'end' as const, 'await' as const), call }),
  fc.record({ do: fc.constant('look' as const) }),
)

test('whatever calls do: no more is held than allowed, nobody waits for nothing, and in the end nothing is held', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const budget = budgetOf()
      const open = () => {
        const state = { held: 0, waits: 0, over: false, counted: undefined as CountedBytes | undefined }
        state.counted = new CountedBytes(budget, { cutOff: () => end(state) })
        return state
      }
      const end = (state: ReturnType<typeof open>) => {
        state.counted?.end()
        Object.assign(state, { held: 0, over: true })
      }
      const states = Array.from({ length: 5 }, open)
      for (const taken of steps) {
        if (taken.do === 'look') budget.look()
        else await perform(taken, states[taken.call] as ReturnType<typeof open>)
        await nextTurn()
        const held = states.reduce((sum, state) => sum + state.held, 0)
        equal(budget.heldBytes, held)
        const holding = states.filter((state) => state.held > 0)
        ok(held <= 100 || holding.length === 1, `${holding.length} calls hold ${held}`)
        if (held === 0)
          ok(
            states.every(({ waits }) => waits === 0),
            'somebody waits for nobody',
          )
      }
      for (const state of states) end(state)
      await nextTurn()
      equal(budget.heldBytes, 0)
      ok(states.every(({ waits }) => waits === 0))

      async function perform(taken: Exclude<Step, { do: 'look' }>, state: ReturnType<typeof open>): Promise<void> {
        const { counted } = state
        if (counted === undefined || state.over) return
        if (taken.do === 'take') {
          // One that holds what is beyond the limit would wait for itself: calls give back first.
          if (state.waits > 0 || state.held > 0) return
          const turn = counted.take(taken.bytes)
          if (turn === undefined) state.held += taken.bytes
          else {
            state.waits = taken.bytes
            turn.then(
              () => Object.assign(state, { held: state.held + taken.bytes, waits: 0 }),
              () => Object.assign(state, { waits: 0 }),
            )
          }
        } else if (taken.do === 'give' || taken.do === 'settle') {
          const bytes = Math.floor(state.held * taken.share)
          if (taken.do === 'give') counted.give(bytes)
          else counted.settle(state.held, state.held - bytes)
          state.held -= bytes
        } else if (taken.do === 'clear') {
          counted.clear()
          state.held = 0
        } else if (taken.do === 'await') counted.awaitClient(true)
        else end(state)
      }
    }),
    { numRuns: 500 },
  )
})

test.run()
