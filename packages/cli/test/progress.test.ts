// What a person at a terminal sees of what takes time; a script sees nothing of it.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'
import { runHere } from './run-here.js'
import { Screen } from './screen.js'

/** Others use the disk, too. */
const withoutFree = (text: string) => text.replace(/^free .*$/m, '')

test('stat, gc, verify, clear, put and get say how far they are, and leave nothing of it', async () => {
  await using machine = new Machine()
  await writeFile(join(machine.cwd, 'big'), Buffer.alloc(3_000_000, 'gorego'))
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const [put] = (await runHere(machine, ['cas', 'put', 'big'], env)).stdout.split(' ')
  await runHere(machine, ['run', '--dir', 'cache', '--', 'echo', 'hello'])
  const commands: readonly (readonly [line: string, ...args: string[]])[] = [
    ['gorego: storing files', 'cas', 'put', 'big'],
    ['gorego: 0 bytes of 3.0 MB came', 'cas', 'get', put ?? ''],
    ['gorego: 0 bytes of 3.0 MB came', 'cas', 'get', put ?? '', '--output', 'got'],
    ['gorego: 0 files read, 0 bytes', 'cache', 'verify', '--dir', 'cache'],
    [`gorego: counting what is in ${join(machine.cwd, 'cache')}`, 'cache', 'stat', '--dir', 'cache'],
    ['gorego: looking at action results', 'cache', 'gc', '--dir', 'cache'],
    ['gorego: 0 files removed', 'cache', 'clear', '--yes', '--dir', 'cache'],
  ]
  for (const [line, ...args] of commands) {
    const [shown, quiet, dumb] = [
      await runHere(machine, args, env, { isTerminal: true }),
      await runHere(machine, args, env),
      await runHere(machine, args, { ...env, TERM: 'dumb' }, { isTerminal: true }),
    ]
    const called = args.join(' ')
    assert.is(shown.code, 0, shown.stderr)
    assert.ok(shown.stderr.includes(line), `${called}: ${JSON.stringify(shown.stderr)}`)
    const screen = new Screen(shown.stderr)
    assert.equal([screen.text, screen.cursorIsVisible], ['', true], called)
    assert.equal([quiet.stderr, dumb.stderr], ['', ''], called)
    assert.is(withoutFree(shown.stdout), withoutFree(quiet.stdout), called)
  }
})

test('verify-determinism says how many are compared, and prints above that', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const [started, go] = [machine.fifo('started'), machine.fifo('go')]
  const quick = JSON.parse((await runHere(machine, ['run', '--json', '--', 'echo', 'quick'], env)).stdout).action
  const waits = runHere(machine, ['run', '--json', '--', 'sh', '-c', `echo > ${started}; cat ${go}`], env)
  await readFile(started)
  await writeFile(go, '')
  const { action } = JSON.parse((await waits).stdout)
  const running = machine.startInTerminal(['verify-determinism', quick, action], env)
  await readFile(started)
  await running.printed('stdout', /gorego: 1 of 2 actions compared/)
  await writeFile(go, '')
  await readFile(started)
  await writeFile(go, '')
  const { code, stdout } = await running.finished
  assert.is(code, 0)
  assert.is(new Screen(stdout).text, `same    ${quick}\nsame    ${action}\n`)
})

test.run()
