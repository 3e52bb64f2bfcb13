import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { choose, parseArguments, usage } from './arguments.js'
import { scenarios } from './index.js'
import { Random } from './random.js'
import type { Scenario } from './scenario.js'

const named = (name: string): Scenario => ({
  name,
  about: `does ${name}`,
  rounds: 7,
  run: async () => ({ numbers: {}, problems: [] }),
})
const three = ['crash-server', 'crash-runner', 'evict'].map(named)

test('scenarios are chosen by the beginning of their names, and run in the order of the list', () => {
  const names = (only: readonly string[]) => choose(three, only).map(({ name }) => name)
  assert.equal(names([]), ['crash-server', 'crash-runner', 'evict'])
  assert.equal(names(['evict', 'crash']), ['crash-server', 'crash-runner', 'evict'])
  assert.equal(names(['crash-r']), ['crash-runner'])
  assert.throws(() => names(['flood']), /there is no scenario flood: crash-server, crash-runner, evict/)
})

test('flags are read, and what makes no sense is refused', () => {
  const args = parseArguments(['--', '--only', 'a,b', '--only', 'c', '--rounds', '3', '--seed', '42'])
  assert.equal(args, { help: false, only: ['a', 'b', 'c'], rounds: 3, seed: 42 })
  assert.is(parseArguments([]).rounds, undefined)
  assert.throws(() => parseArguments(['--rounds', '0']), /--rounds 0: want a whole number/)
  assert.throws(() => parseArguments(['--seed', 'x']), /--seed x: want a whole number/)
  assert.throws(() => parseArguments(['--sed', '1']))
})

test('the usage names every scenario, and every scenario has a name of its own', () => {
  for (const { name } of scenarios) assert.match(usage(scenarios), name)
  assert.is(new Set(scenarios.map(({ name }) => name)).size, scenarios.length)
})

test('the same seed makes the same choices, another one others', () => {
  const choices = (seed: number) => {
    const random = new Random(seed)
    const fork = random.fork()
    return Array.from({ length: 50 }, () => [random.between(1, 6), fork.between(1, 6)])
  }
  assert.equal(choices(1), choices(1))
  assert.not.equal(choices(1), choices(2))
  const all = choices(3).flat()
  assert.equal([...new Set(all)].sort(), [1, 2, 3, 4, 5, 6])
})

test.run()
