// The helper of the other tests: one that waits in vain says for what.
import { spawn } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { RunningCli } from './cli-process.js'

const startNode = (program: string, boundMs?: number) =>
  new RunningCli(
    spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'pipe'] }),
    boundMs === undefined ? {} : { boundMs },
  )

async function failureOf(work: Promise<unknown>): Promise<string> {
  return await work.then(
    () => 'it did not fail',
    (error) => String(error),
  )
}

test('a process that does not end is killed, and whoever waits for its end or its words is told which and why', async () => {
  const running = startNode('setInterval(() => {}, 1000)', 1)
  const words = failureOf(running.printed('stdout', /never/))
  for (const said of [await failureOf(running.finished), await words]) {
    assert.match(said, 'it had not ended within 0.001 s and was killed')
    assert.match(said, 'setInterval')
  }
})

test('one that ends has its exit code and what it printed; who waits for other words is shown these', async () => {
  const running = startNode(`console.log('one'); console.error('two'); process.exitCode = 3`)
  assert.equal(await running.finished, { code: 3, stdout: 'one\n', stderr: 'two\n' })
  assert.match(
    await failureOf(running.printed('stdout', /three/)),
    /ended with 3 and never printed \/three\/:\none\ntwo\n/,
  )
})

test('one that the test kills has ended', async () => {
  const running = startNode(`console.log('there'); setInterval(() => {}, 1000)`)
  await running.printed('stdout', /there/)
  await running.kill()
  assert.is((await running.finished).code, null)
})

test.run()
