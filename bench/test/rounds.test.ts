import { deepEqual, equal } from 'node:assert/strict'
import { test } from 'uvu'
import { Contender } from '../src/contender.js'
import { median, medians } from '../src/run/medians.js'
import { type RunOptions, runRounds } from '../src/run/run-rounds.js'
import { foreignServer } from '../src/server-under-test.js'
import type { Measurement, Setting, Workload } from '../src/workload.js'

const contenders = ['ours', 'theirs'].map((name) => new Contender(name, async () => foreignServer(name, undefined)))
const measurement: Measurement = { operations: 10, seconds: 2, latencies: [1, 2, 3], serverCpuMs: 40 }

test('each workload is measured on one server after the other, round by round, and another one begins each time', async () => {
  const order: string[] = []
  const note = workload('a', async ({ server }) => {
    order.push(`a ${(await server()).address}`)
    return measurement
  })
  const noteLocal = async () => {
    order.push('floor')
    return measurement
  }
  const local = workload('floor', noteLocal, { local: true })
  const { rows, failures } = await runRounds(options([note, local], 2))
  deepEqual(order, ['a ours', 'a theirs', 'floor', 'a theirs', 'a ours', 'floor'])
  deepEqual(failures, [])
  deepEqual(
    rows.map(({ server, workload: name, round }) => `${round} ${name} ${server}`),
    ['1 a ours', '1 a theirs', '1 floor ours', '2 a theirs', '2 a ours', '2 floor ours'],
  )
})

test('what a server cannot do is noted once, and everything else is measured', async () => {
  let tried = 0
  const half = workload('half', async ({ server }) => {
    if ((await server()).address === 'ours') return measurement
    tried++
    throw new Error('12 UNIMPLEMENTED: no such method')
  })
  const { rows, failures } = await runRounds(options([half], 3))
  deepEqual(failures, [{ server: 'theirs', workload: 'half', message: '12 UNIMPLEMENTED: no such method' }])
  equal(tried, 1)
  equal(rows.length, 3)
})

test('the median is the middle one, or the mean of the two in the middle', () => {
  equal(median([3, 1, 2]), 2)
  equal(median([4, 1, 2, 3]), 2.5)
  equal(median([]), undefined)
})

test('each figure of a row is the median of its rounds; one that was never measured stays away', async () => {
  const cpu = [30, 10, 20]
  const drifting = workload('a', async () => ({ ...measurement, serverCpuMs: cpu.shift() ?? 0 }), { local: true })
  const { rows } = await runRounds(options([drifting], 3))
  const [row, ...others] = medians(rows)
  equal(others.length, 0)
  equal(row?.serverCpuMs, 2)
  equal(row?.perSecond, 5)
  equal(row && 'mbPerSecond' in row, false)
})

function options(workloads: readonly Workload[], rounds: number): RunOptions {
  const setting = { seconds: 1, directory: '' }
  return { workloads, contenders, rounds, setting, settle: async () => {}, onRow: () => {} }
}

function workload(
  name: string,
  measure: (setting: Setting) => Promise<Measurement>,
  more: Partial<Workload> = {},
): Workload {
  return { name, about: '', clients: 1, measure, ...more }
}

test.run()
