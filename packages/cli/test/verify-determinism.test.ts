import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'
import { runHere } from './run-here.js'

test('actions are run twice; what differs is named, down to the byte; the cache stays as it was', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const gorego = async (...args: string[]) => await machine.gorego(args, env)
  const random = 'mkdir d; echo same > d/a; printf 0123 > d/b; cat /proc/sys/kernel/random/uuid >> d/b; echo done'
  const good = await gorego('run', '--json', '--output', 'out', '--', 'sh', '-c', 'echo hello > out')
  const bad = await gorego('run', '--json', '--output', 'd', '--', 'sh', '-c', random)
  const [same, differs] = [good, bad].map(({ stdout }) => JSON.parse(stdout).action) as [string, string]
  const cached = (await gorego('ac', 'get', '--json', differs)).stdout

  const one = await gorego('verify-determinism', same)
  assert.equal([one.code, one.stdout], [0, `same    ${same}\n`], one.stderr)
  const both = await gorego('verify-determinism', '--recent', '4', '--json')
  assert.is(both.code, 1, both.stderr)
  const { deterministic, actions } = JSON.parse(both.stdout)
  assert.not(deterministic)
  const { differences } = actions.find(({ action }: { action: string }) => action === differs)
  assert.equal(
    differences.map(({ subject }: { subject: string }) => subject),
    ['d/b'],
  )
  // Sixteen values for the first digit: it may be the same by chance, and so may some more.
  assert.ok(differences[0].offset >= 4 && differences[0].offset < 20)
  assert.is((await gorego('ac', 'get', '--json', differs)).stdout, cached)
  const none = await gorego('verify-determinism')
  assert.is(none.code, 64)
})

test('what an action is at is shown after a second, on a terminal', async () => {
  await using machine = new Machine()
  const running = machine.startInTerminal(['run', '--', 'sh', '-c', 'sleep 2; echo done'])
  await running.printed('stdout', /gorego: running, [\d.]+ s/)
  const { code, stdout } = await running.finished
  assert.is(code, 0)
  assert.match(stdout, /done\r\ngorego: exit code 0; ran for /)
})

test('what a server found by itself is told, without running anything', async () => {
  await using machine = new Machine()
  const start = ['start', '--listen', '127.0.0.1:0', '--concurrency', '1', '--dir']
  const [server, idle] = [
    machine.start([...start, 'samples'], { GOREGO_EXECUTION_DETERMINISM_SAMPLE_RATE: '1' }),
    machine.start([...start, 'none']),
  ]
  const [env, idleEnv] = [{ GOREGO_REMOTE: await server.ready() }, { GOREGO_REMOTE: await idle.ready() }]
  const recorded = async (...flags: string[]) =>
    await runHere(machine, ['verify-determinism', '--recorded', ...flags], env)
  const { action } = JSON.parse((await runHere(machine, ['run', '--json', '--', 'date', '+%N'], env)).stdout)
  await server.printed('stderr', /an action did not do the same/)
  const { code, stdout } = await recorded()
  assert.is(code, 1)
  assert.match(
    stdout,
    new RegExp(
      `^differs ${action}\n  stdout \\(from byte \\d\\)\n    "\\d+\\\\n"\n    "\\d+\\\\n"\n1 run again, 1 differed, 0 dropped\n$`,
    ),
  )
  const json = JSON.parse((await recorded('--json')).stdout)
  assert.equal([json.deterministic, json.sampleRate, json.actions[0].action], [false, 1, action])
  const none = await runHere(machine, ['verify-determinism', '--recorded'], idleEnv)
  assert.equal([none.code, none.stdout], [0, '0 run again, 0 differed, 0 dropped\n'])
  assert.match(none.stderr, 'the server runs nothing again: execution.determinism_sample_rate')
  assert.match((await recorded(action)).stderr, '--recorded is of what the server ran again by itself')
})

test.run()
