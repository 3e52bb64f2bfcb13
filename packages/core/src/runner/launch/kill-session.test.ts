import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isRunning } from '../../testing/is-running.js'
import { killSession } from './kill-session.js'

test('a job with a process group of its own ends with its session', async () => {
  if (!existsSync('/bin/bash')) {
    console.log('SKIP kill-session: no bash, and other shells do no job control without a terminal')
    return
  }
  // With -m, the shell gives each background job a process group.
  const script = 'set -m; sleep 1000 & echo $!; ps -o pgid= -p $!; wait'
  const shell = spawn('/bin/bash', ['-c', script], { detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  let printed = ''
  const closed = once(shell, 'close')
  for await (const text of shell.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += String(text)
    if (/\d+\s+\d+\s/.test(printed)) break
  }
  shell.stdout.resume()
  const [job, group] = printed.trim().split(/\s+/).map(Number)
  assert.is.not(group, shell.pid)
  assert.is(group, job)
  killSession(shell.pid)
  // Closed only when the job, which holds the pipe, is gone, too.
  await closed
  assert.not(isRunning(job ?? 0))
})

test('a session that is gone is no error', () => {
  killSession(undefined)
  killSession(2 ** 22 - 1)
})

test.run()
