// Whoever stops a soak stops all that it started.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { processTree } from '@gorego/bench/process-tree'
import { temporaryDirectory } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/** The cache behind and the server in front. */
const SERVERS = 2

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  test(`${signal} to "npm run soak" ends its servers, too, and leaves nothing on the disk`, async () => {
    if (process.platform !== 'linux') return console.log('SKIP the processes of a soak: there is no /proc here')
    using directory = temporaryDirectory()
    const env = { ...process.env, TMPDIR: directory.path }
    const argv = ['run', '--silent', 'soak', '--', '--minutes', '10', '--backing']
    const soak = spawn('npm', argv, { cwd: repository, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let printed = ''
    for (const stream of [soak.stdout, soak.stderr]) stream.on('data', (chunk) => (printed += chunk))
    const ended = once(soak, 'close')
    const pid = soak.pid ?? 0
    // A runner works: both servers are up, and the load is on.
    while (soak.exitCode === null && !(count(pid, / start --listen /) === SERVERS && count(pid, /\/runner\./) > 0))
      await pause(50)
    assert.is(soak.exitCode, null, printed)
    const tree = processTree(pid).map((each) => [each, commandLine(each)] as const)
    soak.kill(signal)
    await ended
    const isThere = ([each, line]: readonly [number, string]) => line !== '' && commandLine(each) === line
    while (tree.some(isThere)) await pause(50)
    // tsx keeps there what it has transpiled.
    assert.equal(
      readdirSync(directory.path).filter((name) => !name.startsWith('tsx-')),
      [],
    )
  })
}

/** How many of a process's descendants have such a command line. */
function count(pid: number, pattern: RegExp): number {
  return processTree(pid).filter((each) => pattern.test(commandLine(each))).length
}

/** Empty for one that ended, a zombie included. */
function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

test.run()
