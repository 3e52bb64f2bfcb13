// The live view of `gorego start`, in a real terminal where Python can make one.
import { spawnSync } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { LiveView } from '../src/ui/live-view.js'
import { LoadLines } from '../src/ui/load-lines.js'
import { Machine } from './cli-process.js'
import { Screen } from './screen.js'

const START = ['start', '--listen', '127.0.0.1:0', '--dir', 'all', '--concurrency', '2']

/** A terminal of which the test sees what is sent. */
function terminal(columns = 20) {
  let sent = ''
  const signals = new EventEmitter()
  const write = (text: string) => {
    // As terminals do with ends of lines.
    sent += text.replaceAll('\n', '\r\n')
  }
  const err = { isTerminal: true, hasColours: false, columns, write }
  return { host: { err, signals }, screen: () => new Screen(sent) }
}

test('lines are written above the view, which stays at the end', () => {
  const { host, screen } = terminal()
  let count = 0
  using view = new LiveView({ host, lines: () => [`first ${++count}`, 'a second one that is too long'] })
  view.write('log one\n')
  view.write('log two\n')
  host.signals.emit('SIGWINCH')
  assert.is(screen().text, 'log one\nlog two\nfirst 2\na second one that i')
  assert.not(screen().cursorIsVisible)
  view.above(() => host.err.write('three\n'))
  assert.is(screen().text, 'log one\nlog two\nthree\nfirst 2\na second one that i')
  view[Symbol.dispose]()
  view.write('after\n')
  view.above(() => host.err.write('and this\n'))
  assert.is(screen().text, 'log one\nlog two\nthree\nafter\nand this\n')
  assert.ok(screen().cursorIsVisible)
})

test('the cursor comes back when the process ends in whatever way, and nothing is written after', () => {
  const { host, screen } = terminal()
  using _view = new LiveView({ host, lines: () => ['one', 'two'] })
  host.signals.emit('exit')
  assert.equal([screen().text, screen().cursorIsVisible], ['', true])
  assert.is(host.signals.listenerCount('SIGWINCH'), 0)
})

test('throughput is that of the last ten seconds', () => {
  const load = new LoadLines(2)
  const at = (completed: number, now: number) =>
    load.lines({ running: 3, queued: 0, completed, cached: 0, failed: 0, blobs: 0, bytes: 0, maxBytes: 1 }, now)[0] ??
    ''
  assert.match(at(0, 0), /^slots {2}██ 3 of 2 {3}queue 0 {3}0\.0 actions\/s {3}none done yet$/)
  assert.match(at(100, 5_000), ' 20 actions/s')
  assert.match(at(100, 10_000), ' 10 actions/s')
  assert.match(at(100, 20_000), ' 0.0 actions/s')
})

if (spawnSync('python3', ['-c', 'import pty']).status !== 0)
  console.log('skipped: there is no python3 to make a terminal')
else {
  test('in a terminal: it follows what happens, survives a resize, and leaves the log', async () => {
    await using machine = new Machine()
    const server = machine.startInTerminal(START, { NO_COLOR: '1' })
    const [address = ''] = await server.printed('stdout', /gorego ready on (\S+)/)
    await server.printed('stdout', /slots {2}░░ 0 of 2 {3}queue 0/)
    const ran = await machine.gorego(['run', '--remote', address, '--', 'echo', 'hello'])
    assert.is(ran.code, 0, ran.stderr)
    await server.printed('stdout', /actions\/s {3}1 done, 0 % cached/)
    server.tellTerminal('size 30')
    // What fits into 29 columns.
    await server.printed('stdout', /slots {2}░░ 0 of 2 {3}queue 0 {3}\r?(?!\d)/)
    server.tellTerminal('SIGINT')
    const { code, stdout } = await server.finished
    assert.is(code, 0)
    const screen = new Screen(stdout)
    assert.ok(screen.cursorIsVisible)
    assert.match(screen.text, /\n.*stopped.*\n?$/)
    assert.not.match(screen.text, 'actions/s')
    // NO_COLOR: only the cursor is moved.
    assert.not.ok(stdout.includes(`${String.fromCharCode(27)}[3`))
  })

  test('--no-ui, and a terminal that can nothing: the log and no more', async () => {
    await using machine = new Machine()
    const servers = [
      machine.startInTerminal([...START, '--no-ui']),
      machine.startInTerminal([...START.slice(0, 4), 'other'], { TERM: 'dumb' }),
    ]
    for (const server of servers) {
      await server.printed('stdout', /gorego ready on (\S+)/)
      server.tellTerminal('SIGTERM')
      const { code, stdout } = await server.finished
      assert.is(code, 0)
      assert.not.ok(stdout.includes('actions/s'))
      assert.ok(stdout.includes('stopped'))
    }
  })
}

test.run()
