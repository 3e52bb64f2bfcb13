import { readFile, writeFile } from 'node:fs/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'
import { runHere } from './run-here.js'

const SERVER = ['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1']

test('operations are listed, shown, waited for and cancelled', async () => {
  await using machine = new Machine()
  const [started, go] = [machine.fifo('started'), machine.fifo('go')]
  const server = machine.start(SERVER)
  const env = { GOREGO_REMOTE: await server.ready() }
  const gorego = (...args: string[]) => runHere(machine, args, env)
  const empty = await gorego('ops', 'ls')
  assert.equal(empty.stdout, 'no operations\n', empty.stderr)
  const running = machine.start(['run', '--', 'sh', '-c', `echo > ${started}; cat ${go}; echo \u202e >&2; exit 3`], env)
  await readFile(started)
  const queued = machine.start(['run', '--', 'echo', 'later'], env)
  let listed: { name: string; stage: string; createdAt: string }[] = []
  while (listed.length < 2) listed = JSON.parse((await gorego('ops', 'ls', '--json')).stdout).operations
  assert.equal(
    listed.map(({ stage }) => stage),
    ['executing', 'queued'],
  )
  const [first, second] = listed.map(({ name }) => name) as [string, string]
  const limited = await gorego('ops', 'ls', '--limit', '1')
  assert.match(limited.stdout, new RegExp(`^NAME .*\n${first} +executing +\\d.* +action \\w{64}/\\d+\n$`))
  assert.match(limited.stderr, 'there are more than 1: --limit')

  const waiting = machine.start(['ops', 'wait', first, second], env)
  const shown = await gorego('ops', 'show', first)
  assert.match(
    shown.stdout,
    new RegExp(`^operation +${first}\nstage +executing, since \\d[\\s\\S]*\ncommand +sh -c 'echo > `),
  )
  const cancelled = await gorego('ops', 'cancel', second, '--json')
  assert.is(JSON.parse(cancelled.stdout).operations[0].stage, 'completed', cancelled.stderr)
  assert.is((await queued.finished).code, 70)
  await writeFile(go, 'went\n')
  assert.is((await running.finished).code, 3)
  const waited = await waiting.finished
  assert.is(waited.code, 1)
  assert.match(waited.stdout, new RegExp(`\n${first} +exit code 3 .*\n${second} +failed `))

  const [done, all, ended, unknown] = await Promise.all([
    gorego('ops', 'ls', '--done', '--json'),
    gorego('ops', 'ls', '--all'),
    gorego('ops', 'show', first),
    gorego('ops', 'show', 'nothing'),
  ])
  assert.is(JSON.parse(done.stdout).operations.length, 2)
  assert.is(all.stdout.trimEnd().split('\n').length, 3)
  assert.match(ended.stdout, /\nexit code +3\ntimes +queued .*\n[\s\S]*stdout\n {2}went\nstderr\n {2}\\u\{202e\}\n$/)
  assert.is(unknown.code, 64)
  assert.match(unknown.stderr, 'nothing')
})

test.run()
