import { deepEqual, equal, match, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import { processTree } from '../src/process/process-tree.js'

const main = fileURLToPath(new URL('../src/main.ts', import.meta.url))

test('workloads of every kind are measured, and nothing is left behind', async () => {
  await inDirectory(async (directory) => {
    const json = join(directory, 'results.json')
    const only = 'embedded-tiny,execute-tiny-1,find-missing,read-10k,write-10k'
    const bench = start('--seconds', '0.2', '--only', only, '--json', json, '--dir', directory)
    equal(await exitCode(bench.child), 0, bench.output())
    match(bench.output(), /^\d+ CPUs/)
    const { rows, failures } = JSON.parse(readFileSync(json, 'utf8'))
    deepEqual(failures, [])
    deepEqual(rows.map((row: { workload: string }) => row.workload).join(), only)
    for (const row of rows) ok(row.operations > 0 && row.perSecond > 0 && row.p99Ms >= row.p50Ms, JSON.stringify(row))
    deepEqual(readdirSync(directory), ['results.json'])
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
