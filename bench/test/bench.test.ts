import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import { startBareServer } from '../src/process/bare-server.js'
import { processTree } from '../src/process/process-tree.js'
import type { RoundRow } from '../src/run/run-rounds.js'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

test('workloads of every kind are measured, and nothing is left behind', async () => {
  await inDirectory(async (directory) => {
    const json = join(directory, 'results.json')
    const only = 'embedded-tiny,execute-tiny-1,execute-outputs,update-action-result,find-missing,read-10k,write-10k'
    const bench = start('--seconds', '0.2', '--only', only, '--json', json, '--dir', directory)
    equal(await exitCode(bench.child), 0, bench.output())
    match(bench.output(), /^\d+ CPUs/)
    const { rows, failures, memories } = JSON.parse(readFileSync(json, 'utf8'))
    deepEqual(failures, [])
    deepEqual(rows.map((row: { workload: string }) => row.workload).join(), only)
    for (const row of rows) ok(row.operations > 0 && row.perSecond > 0 && row.p99Ms >= row.p50Ms, JSON.stringify(row))
    if (process.platform === 'linux') ok(memories[0].rssPeakBytes >= memories[0].rssBytes, JSON.stringify(memories))
    deepEqual(readdirSync(directory), ['results.json'])
  })
})

test('a server beside ours is measured in the same rounds, and what it cannot do ends nothing', async () => {
  await inDirectory(async (directory) => {
    const json = join(directory, 'results.json')
    const other = await startBareServer('bare-grpc-server')
    try {
      const flags = ['--seconds', '0.2', '--rounds', '2', '--only', 'capabilities,find-missing']
      const against = `bare=grpc://${other.address},${other.pid}`
      const bench = start(...flags, '--against', against, '--json', json, '--dir', directory)
      equal(await exitCode(bench.child), 0, bench.output())
      match(bench.output(), /\| find-missing +\| +4 \| +[\d.,]+ \| +– \|/)
      match(bench.output(), /`find-missing` on bare: 12 UNIMPLEMENTED/)
      const { rows } = JSON.parse(readFileSync(json, 'utf8'))
      const measured = rows.map(({ server, workload, round }: RoundRow) => `${round} ${workload} ${server}`)
      deepEqual(measured, [
        '1 capabilities gorego',
        '1 capabilities bare',
        '1 find-missing gorego',
        '2 capabilities bare',
        '2 capabilities gorego',
        '2 find-missing gorego',
      ])
    } finally {
      await other.stop()
    }
  })
})

test('a curve becomes a table in a document, a chart, and JSON', async () => {
  await inDirectory(async (directory) => {
    const [markdown, svg] = [join(directory, 'document.md'), join(directory, 'charts')]
    const bench = start(
      '--curves',
      '--only',
      'grow-tree',
      '--points',
      '2',
      '--seconds',
      '0.2',
      '--dir',
      directory,
      ...['--markdown', markdown, '--svg', svg],
    )
    equal(await exitCode(bench.child), 0, bench.output())
    match(readFileSync(markdown, 'utf8'), /!\[.*\]\(charts\/grow-tree\.svg\)\n\n\| input files/)
    match(readFileSync(join(svg, 'grow-tree.svg'), 'utf8'), /<polyline/)
    deepEqual(readdirSync(directory).sort(), ['charts', 'document.md'])
  })
})

test('a workload that nobody knows is an error that names those that there are', async () => {
  const bench = start('--only', 'execute-everything')
  equal(await exitCode(bench.child), 1)
  match(bench.output(), /no workload execute-everything: .*execute-tiny-16/)
})

test('Ctrl-C ends the server too, and removes its directory', async () => {
  await inDirectory(async (directory) => {
    const bench = start('--seconds', '300', '--only', 'execute-tiny-1', '--dir', directory)
    const pid = bench.child.pid ?? 0
    const ended = exitCode(bench.child)
    if (process.platform === 'linux') {
      // The benchmark, its server, and a runner in which an action runs.
      while (processTree(pid).length < 3 && bench.child.exitCode === null) await sleep(20)
    } else {
      await once(bench.child.stdout as NonNullable<ChildProcess['stdout']>, 'data')
    }
    const tree = processTree(pid)
    bench.child.kill('SIGINT')
    equal(await ended, 130, bench.output())
    deepEqual(readdirSync(directory), [])
    while (tree.some(isRunning)) await sleep(20)
  })
})

function start(...args: string[]): { child: ChildProcess; output: () => string } {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  return { child, output: () => output }
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  const [code] = await once(child, 'close')
  return code
}

/** A zombie has no command line any more. */
function isRunning(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-test-'))
  try {
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

test.run()
