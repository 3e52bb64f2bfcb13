import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import { comparison } from '../src/report/comparison.js'
import { floorSentence } from '../src/report/floor-sentence.js'
import { runTable } from '../src/report/run-table.js'
import type { RoundRow } from '../src/run/run-rounds.js'

const planned = [
  { name: 'execute', clients: 16 },
  { name: 'read', clients: 1 },
]

test('a table a metric, a column a server, and how many times better the first one is', () => {
  const lines = comparison(
    planned,
    ['ours', 'fast', 'cache'],
    [
      row('ours', 'execute', 1, { perSecond: 300, serverCpuMs: 2 }),
      row('fast', 'execute', 1, { perSecond: 400, serverCpuMs: 1 }),
      row('ours', 'read', 1, { perSecond: 50, serverCpuMs: 4 }),
      row('fast', 'read', 1, { perSecond: 40, serverCpuMs: 8 }),
      row('cache', 'read', 1, { perSecond: 100, serverCpuMs: 2 }),
    ],
  )
  deepEqual(cells(lines, '**Operations per second**'), [
    ['workload', 'clients', 'ours', 'fast', 'cache', 'to the best'],
    ['execute', '16', '300', '400 (0.75 ×)', '–', '0.75 ×'],
    ['read', '1', '50', '40 (1.25 ×)', '100 (0.5 ×)', '0.5 ×'],
  ])
  deepEqual(cells(lines, '**CPU ms an operation**').at(-1), ['read', '1', '4', '8 (2 ×)', '2 (0.5 ×)', '0.5 ×'])
  equal(lines.includes('**MB/s**'), false)
})

test('a ratio is the median of the rounds, whose figures were measured together', () => {
  const drift = [1, 4, 10].flatMap((speed, n) => [
    row('ours', 'read', n + 1, { perSecond: 20 * speed }),
    row('slow', 'read', n + 1, { perSecond: 10 * speed }),
  ])
  const alone = row('ours', 'read', 4, { perSecond: 80 })
  const table = cells(comparison(planned, ['ours', 'slow'], [...drift, alone]), '**Operations per second**')
  deepEqual(table.at(-1), ['read', '1', '80', '40 (2 ×)', '2 ×'])
})

test('a workload that could not be measured has a line of dashes', () => {
  const lines = runTable(planned, [row('ours', 'read', 1, { perSecond: 12.345 })])
  deepEqual(split(lines[2] ?? '').slice(0, 3), ['execute', '16', '–'])
  deepEqual(split(lines[3] ?? '').slice(0, 3), ['read', '1', '12.3'])
})

test('what the floors take and what ours adds is said where they were measured', () => {
  const ours = row('ours', 'capabilities', 1, { serverCpuMs: 0.1 })
  equal(floorSentence([ours]), undefined)
  equal(
    floorSentence([ours, row('ours', 'floor-grpc', 1, { serverCpuMs: 0.07 })]),
    'Of the 0.1 ms of CPU that `capabilities` costs, a grpc-js server that does nothing takes 0.07, ours adds 0.03.',
  )
})

function row(server: string, workload: string, round: number, figures: Partial<RoundRow>): RoundRow {
  return { server, workload, round, clients: 1, operations: 1, perSecond: 1, p50Ms: 1, p99Ms: 1, ...figures }
}

/** The table below a line, without the line of dashes. */
function cells(lines: readonly string[], title: string): string[][] {
  const from = lines.indexOf(title) + 2
  const [head = '', , ...rows] = lines.slice(from, lines.indexOf('', from))
  return [head, ...rows].map(split)
}

function split(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim())
}

test.run()
