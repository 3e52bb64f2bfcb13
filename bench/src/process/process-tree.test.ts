import { equal, ok } from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'uvu'
import { killTree } from './kill-tree.js'
import { processTree, readProcessTree } from './process-tree.js'

const BURNT_MS = 300
// A tick for each of the processes that were there.
const TOLERANCE_MS = 40

const burn = `while (process.cpuUsage().user + process.cpuUsage().system < ${BURNT_MS * 1000}) {}`
const parent = `
  const { spawnSync } = require('node:child_process')
  spawnSync(process.execPath, ['-e', ${JSON.stringify(burn)}])
  console.log('done')
  setInterval(() => {}, 1000)`

if (process.platform === 'linux') {
  test('the CPU time of a child that has ended stays with the tree', async () => {
    const child = spawn(process.execPath, ['-e', parent], { stdio: ['ignore', 'pipe', 'inherit'] })
    try {
      await once(child.stdout, 'data')
      const usage = readProcessTree(pidOf(child))
      ok(usage !== undefined && usage.cpuMs >= BURNT_MS - TOLERANCE_MS, `${usage?.cpuMs} ms`)
      ok(usage.rssBytes > 10e6, `${usage.rssBytes} bytes`)
    } finally {
      await end(child)
    }
  })

  test('a tree is killed with all that is below', async () => {
    const child = spawn('/bin/sh', ['-c', 'sleep 600 & echo started; wait'], { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(child.stdout, 'data')
    const tree = processTree(pidOf(child))
    equal(tree.length, 2)
    await end(child)
    equal(readProcessTree(pidOf(child)), undefined)
  })

  test('a process that is not there has no tree', () => {
    equal(readProcessTree(2 ** 30), undefined)
  })
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('not started')
  return child.pid
}

/** 'close' comes when nobody has the pipe any more: after the last process of the tree. */
async function end(child: ChildProcess): Promise<void> {
  const closed = once(child, 'close')
  killTree(pidOf(child))
  await closed
}

test.run()
