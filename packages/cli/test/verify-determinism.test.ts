import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'

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

test.run()
