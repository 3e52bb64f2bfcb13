import { deepEqual, equal, throws } from 'node:assert/strict'
import { test } from 'uvu'
import { parseArguments } from '../src/arguments.js'
import { choose, chooseNamed } from '../src/choose.js'
import type { Workload } from '../src/workload.js'

test('without flags, a gorego of its own is measured once', () => {
  const { rounds, seconds, full, curves, remote, against } = parseArguments([])
  deepEqual(
    { rounds, seconds, full, curves, remote, against },
    { rounds: 1, seconds: 3, full: false, curves: false, remote: undefined, against: [] },
  )
})

test('servers to compare with have a name, an address and perhaps a process id', () => {
  const { against } = parseArguments(['--against', 'a=grpc://127.0.0.1:1,23', '--against', 'b=unix:/x/y'])
  deepEqual(against, [
    { name: 'a', address: 'grpc://127.0.0.1:1', pid: 23 },
    { name: 'b', address: 'unix:/x/y' },
  ])
})

test('a server that runs already takes the place of ours, with its process id if it is told', () => {
  equal(parseArguments(['--pid', '7']).remote, undefined)
  deepEqual(parseArguments(['--remote', 'h:1', '--pid', '7']).remote, { name: 'remote', address: 'h:1', pid: 7 })
})

test('the arguments that npm hands on may begin with --', () => {
  equal(parseArguments(['--', '--rounds', '4']).rounds, 4)
})

const refused: readonly (readonly [string[], RegExp])[] = [
  [['--seconds', '0'], /--seconds 0: want a number above 0/],
  [['--rounds', '1.5'], /--rounds 1.5: want a whole number/],
  [['--against', 'grpc://127.0.0.1:1'], /want name=grpc:\/\/host:port,pid/],
  [['--against', 'a=h:1,me'], /process id/],
  [['--against', 'a=h:1', '--against', 'a=h:2'], /two servers are called a/],
  [['--against', 'gorego=h:1'], /two servers are called gorego/],
  [['--curves', '--remote', 'h:1'], /--curves measures goregos of its own/],
  [['--curves', '--filler', '/x'], /--filler is for the workloads/],
  [['--nothing'], /--nothing/],
]
for (const [args, reason] of refused) {
  test(`${args.join(' ')} is refused with the reason`, () => throws(() => parseArguments(args), reason))
}

const usual = [
  workload('read-1'),
  workload('read-10'),
  workload('floor', { local: true }),
  workload('long', { full: true }),
]
const byName = [...usual, workload('grow-1')]
const choice = (more: Partial<Parameters<typeof choose>[2]>) =>
  choose(usual, byName, { only: [], full: false, ...more }).map(({ name }) => name)

test('the longer workloads come with --full or by name, those along a curve only by name', () => {
  deepEqual(choice({}), ['read-1', 'read-10', 'floor'])
  deepEqual(choice({ full: true }), ['read-1', 'read-10', 'floor', 'long'])
  deepEqual(choice({ only: ['long', 'grow'] }), ['long', 'grow-1'])
})

test('a name is a beginning, unless there is a workload of just this name', () => {
  deepEqual(choice({ only: ['read'] }), ['read-1', 'read-10'])
  deepEqual(choice({ only: ['read-1'] }), ['read-1'])
  throws(() => chooseNamed(usual, ['write']), /no workload write: read-1, read-10/)
})

test('a server that runs already is not loaded by what loads itself', () => {
  deepEqual(choice({ remote: { name: 'remote', address: 'h:1' } }), ['read-1', 'read-10'])
})

function workload(name: string, more: Partial<Workload> = {}): Workload {
  return { name, about: '', clients: 1, measure: () => Promise.reject(new Error('not measured here')), ...more }
}

test.run()
