// Whatever the graph: every node once, after all that it takes, never more at once than allowed, and what failed stops just what needs it.
import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { content } from '../embed/inputs.js'
import { FakeRunner } from '../testing/fake-runner.js'
import { Graph } from './graph.js'
import { output } from './graph-action.js'
import { GraphError } from './graph-error.js'
import type { GraphResult } from './graph-outcome.js'

interface Plan {
  readonly nodes: readonly { readonly name: string; readonly needs: readonly string[]; readonly turns: number }[]
  readonly fails: readonly string[]
  readonly concurrency: number
  readonly keepGoing: boolean
}

const plans: fc.Arbitrary<Plan> = fc.integer({ min: 1, max: 25 }).chain((size) => {
  const node = (n: number) =>
    fc.record({
      name: fc.constant(`n${n}`),
      needs:
        n === 0
          ? fc.constant([])
          : fc.uniqueArray(
              fc.integer({ min: 0, max: n - 1 }).map((m) => `n${m}`),
              { maxLength: 4 },
            ),
      turns: fc.integer({ min: 0, max: 5 }),
    })
  return fc.record({
    nodes: fc
      .tuple(...Array.from({ length: size }, (_, n) => node(n)))
      .chain((all) => fc.shuffledSubarray(all, { minLength: size })),
    fails: fc.uniqueArray(
      fc.integer({ min: 0, max: size - 1 }).map((n) => `n${n}`),
      { maxLength: 2 },
    ),
    concurrency: fc.integer({ min: 1, max: 5 }),
    keepGoing: fc.boolean(),
  })
})

/** Everything that a node needs, at any distance, with itself. */
function needed({ nodes }: Plan, name: string, all = new Set<string>()): Set<string> {
  if (all.has(name)) return all
  all.add(name)
  for (const other of nodes.find((node) => node.name === name)?.needs ?? []) needed({ nodes } as Plan, other, all)
  return all
}

test('random graphs', async () => {
  await fc.assert(
    fc.asyncProperty(plans, async (plan) => {
      const turns = new Map(plan.nodes.map((node) => [node.name, node.turns]))
      const runner = new FakeRunner({ fails: plan.fails, turns: (name) => turns.get(name) ?? 0 })
      const ended = new Set<string>()
      const graph = new Graph(runner, {
        ...plan,
        onEvent: ({ node, state, outcome, counts }) => {
          const { total, ...others } = counts
          equal(
            Object.values(others).reduce((sum, count) => sum + count, 0),
            total,
          )
          if (state === 'running') for (const other of needed(plan, node)) ok(other === node || ended.has(other), other)
          if (outcome !== undefined) ok(!ended.has(node) && ended.add(node))
        },
      })
      for (const { name, needs } of plan.nodes) {
        const inputs = Object.fromEntries(needs.map((other) => [other, output(other, 'out')]))
        graph.add(name, { argv: [name], inputs: { seed: content(name), ...inputs }, outputs: ['out'] })
      }
      let stopped = false
      const result = await graph.run().catch((error: GraphError): GraphResult => {
        ok(error instanceof GraphError, String(error))
        ok(!plan.keepGoing && plan.fails.includes(error.node ?? ''))
        stopped = true
        return error.result
      })
      equal(stopped, plan.fails.length > 0 && !plan.keepGoing)
      equal(runner.running, 0)
      ok(runner.mostRunning <= plan.concurrency)
      equal(new Set(runner.started).size, runner.started.length)
      deepEqual(
        [...result.nodes.keys()],
        plan.nodes.map(({ name }) => name),
      )
      equal(ended.size, plan.nodes.length)
      for (const [name, { state }] of result.nodes) {
        const spoilt = [...needed(plan, name)].some((other) => plan.fails.includes(other))
        if (state === 'done') ok(!spoilt)
        else if (state === 'failed') ok(plan.fails.includes(name))
        else ok(state === 'skipped' && (spoilt || stopped), `${name} ${state}`)
        if (!stopped) equal(state === 'done', !spoilt)
      }
    }),
    { numRuns: 200 },
  )
})

test('random graphs in a store that loses outputs: all comes to its end all the same, never more at once than allowed', async () => {
  const sane = plans.map((plan) => ({ ...plan, fails: [] }))
  const losses = fc.array(fc.tuple(fc.nat(24), fc.nat(24)), { maxLength: 3 })
  await fc.assert(
    fc.asyncProperty(sane, losses, async (plan, pairs) => {
      const left = pairs.map(([when, what]) => ({ when: `n${when % plan.nodes.length}`, what: `n${what}` }))
      const evicts = (name: string) => {
        const at = left.findIndex(({ when }) => when === name)
        return at < 0 ? [] : left.splice(at, 1).map(({ what }) => what)
      }
      const runner = new FakeRunner({ evicts })
      const graph = new Graph(runner, {
        ...plan,
        onEvent: ({ counts: { total, ...others } }) => {
          equal(
            Object.values(others).reduce((sum, count) => sum + count, 0),
            total,
          )
        },
      })
      for (const { name, needs } of plan.nodes) {
        const inputs = Object.fromEntries(needs.map((other) => [other, output(other, 'out')]))
        graph.add(name, { argv: [name], inputs: { seed: content(name), ...inputs }, outputs: ['out'] })
      }
      const { ok: isOk, nodes } = await graph.run()
      ok(isOk)
      for (const [name, { state }] of nodes) ok(state === 'done' || state === 'cached', `${name} ${state}`)
      equal(runner.running, 0)
      ok(runner.mostRunning <= plan.concurrency)
    }),
    { numRuns: 200 },
  )
})

test.run()
