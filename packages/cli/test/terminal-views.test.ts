// docs/terminal.md: what commands show on a terminal, as they did in a real run. With GOREGO_TEST_UPDATE_DOCS=1 it is recorded anew;
// otherwise a run has to look the same but for what is another each time: names, times, sizes, and what machines differ in.
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Machine } from './cli-process.js'
import { checkSection } from './document-section.js'
import { runHere } from './run-here.js'
import { Screen } from './screen.js'

/** What is shown of a program in a terminal just now, without the spaces of its width. */
const screenOf = (sent: string) => new Screen(sent).text.trimEnd()

/** The parts that are another each time, in this order. */
const VARIABLE: readonly (readonly [pattern: RegExp, stands: string])[] = [
  [/[0-9a-f]{64}\/\d+/g, 'DIGEST'],
  [/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID'],
  // What a machine has, and what it lacks, with what to do about it.
  [/^(ok|warn|fail) +(versions|open files|disk|file system|launcher|sandbox|server|hello|clock) .*$/gm, '$2'],
  [/^ {19}.*\n/gm, ''],
  [/^( +(sandbox|run as|keeps|page) ).*$/gm, '$1'],
  [/\b\d+ min \d+ s\b|\b\d+(\.\d+)? m?s\b/g, 'TIME'],
  [/\d\d:\d\d:\d\d(\.\d+)?/g, 'CLOCK'],
  [/\b\d+(\.\d+)? (bytes|[kMGT]B)\b/g, 'SIZE'],
  [/\d+(\.\d+)? actions\/s/g, 'RATE'],
  [/\b\d+ (blobs|done|% cached)/g, 'COUNT $1'],
  [/from byte \d+/g, 'from byte N'],
  [/127\.0\.0\.1:\d+/g, 'ADDRESS'],
  [/\d+\.\d+\.\d+\S*/g, 'VERSION'],
  // As far as the system tells.
  [/ (userCpuMs|systemCpuMs|peakMemoryBytes)=\S+/g, ''],
  [/\b(\w+Ms|ms)=\S+/g, '$1=N'],
  // It is counted while it serves; and not every machine has a compiler.
  [/^.* (counted what is in the cache|there is no native launcher) .*\n/gm, ''],
  // In columns of another width.
  [/ +/g, ' '],
]

const shapeOf = (text: string) => VARIABLE.reduce((left, [pattern, stands]) => left.replace(pattern, stands), text)

/** Somebody's machine and a server on it, with a town to build. */
class Town implements AsyncDisposable {
  readonly machine = new Machine()

  constructor() {
    const { cwd } = this.machine
    mkdirSync(join(cwd, 'src', 'park'), { recursive: true })
    this.write('src/town.c', 'int town;\n')
    this.write('src/park/deer.c', 'int deer;\n')
    writeFileSync(join(cwd, 'src', 'count.sh'), '#!/bin/sh\ncat src/*.c src/park/*.c | wc -l > lines.txt\n', {
      mode: 0o755,
    })
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.machine.cwd, path), text)
  }

  /** Puts a command and what it showed into the document. */
  check(section: string, commandLine: string, shown: string): void {
    const { cwd, home } = this.machine
    const plain = shown
      .replaceAll(cwd, '/home/you/town')
      .replaceAll(home, '/home/you')
      .replace(/(?<=, linux )\S+/g, '…')
    const expected = `\`\`\`\n$ ${commandLine}\n${plain.trimEnd()}\n\`\`\``
    checkSection({ document: 'terminal.md', section, expected, shapeOf })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.machine[Symbol.asyncDispose]()
  }
}

/** Root cannot have somebody else at work below a temporary directory of its own, and says so. */
const AS_ROOT: Record<string, string> = process.geteuid?.() === 0 ? { GOREGO_EXECUTION_RUN_AS: 'root' } : {}

const count = (mode: string) =>
  ['run', '--input', 'src', '--env', `MODE=${mode}`, '--output', 'lines.txt', '--', 'src/count.sh'] as const

if (spawnSync('python3', ['-c', 'import pty']).status !== 0)
  console.log('skipped: there is no python3 to make a terminal')
else
  test('start, run and ops ls, while one action runs and one waits', async () => {
    await using town = new Town()
    const { machine } = town
    const [started, go] = [machine.fifo('started'), machine.fifo('go')]
    town.write('wait.sh', `echo > ${started}; cat ${go} > /dev/null; echo 2 > lines.txt\n`)
    const start = 'start --listen 127.0.0.1:0 --concurrency 1'
    const server = machine.startInTerminal(start.split(' '), { NO_COLOR: '1', ...AS_ROOT })
    const [address = ''] = await server.printed('stdout', /gorego ready on (\S+)/)
    const env = { GOREGO_REMOTE: address, NO_COLOR: '1' }
    for (const _ of ['run', 'cached']) assert.is((await runHere(machine, count('debug'), env)).code, 0)
    const held = 'run --input src --input wait.sh --output lines.txt -- sh wait.sh'
    const running = machine.startInTerminal(held.split(' '), env)
    await readFile(started)
    const waiting = machine.start(['run', '--', 'echo', 'later'], env)
    await server.printed('stdout', /█ 1 of 1 {3}queue 1 .* 50 % cached/)
    await running.printed('stdout', /gorego: running, [\d.]+ s/)
    const progress = screenOf(running.soFar('stdout'))
    town.check('view of start', `gorego ${start}`, screenOf(server.soFar('stdout')))
    town.check('view of ops ls', 'gorego ops ls', (await runHere(machine, ['ops', 'ls'], env)).stdout)
    town.check('view of run', `gorego ${held}`, progress)
    await writeFile(go, '')
    const { code, stdout } = await running.finished
    assert.is(code, 0, stdout)
    town.check('view of run, ended', `gorego ${held}`, screenOf(stdout))
    assert.is((await waiting.finished).code, 0)
    server.tellTerminal('SIGINT')
    assert.is((await server.finished).code, 0)
  })

test('cas tree, why, verify-determinism and doctor', async () => {
  await using town = new Town()
  const { machine } = town
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'server', '--concurrency', '1'])
  const env = { GOREGO_REMOTE: await server.ready() }
  const gorego = async (...args: string[]) => await runHere(machine, args, env)
  const ran = async (...[run, ...rest]: readonly string[]) =>
    JSON.parse((await gorego(run ?? '', '--json', ...rest)).stdout).action as string
  const before = await ran(...count('debug'))
  town.write('src/park/deer.c', 'int deer;\nint fawn;\n')
  const after = await ran(...count('release'))
  const clock = await ran('run', '--output', 'time', '--', 'sh', '-c', 'echo town > name; date +%N > time')
  const short = (digest: string) => `${digest.slice(0, 8)}…/${digest.split('/')[1]}`

  const tree = await gorego('cas', 'tree', after)
  town.check('view of cas tree', `gorego cas tree ${short(after)}`, tree.stdout)
  const why = await gorego('why', after, '--against', before)
  town.check('view of why', `gorego why ${short(after)} --against ${short(before)}`, why.stdout)
  const twice = await gorego('verify-determinism', before, clock)
  const named = `${short(before)} ${short(clock)}`
  town.check('view of verify-determinism', `gorego verify-determinism ${named}`, twice.stdout)
  const doctor = await gorego('doctor', '--dir', 'server')
  town.check('view of doctor', 'gorego doctor', doctor.stdout)
})

test('what is another each time is no difference, and what is not, is one', () => {
  const line = 'cache  3 blobs, 12.3 kB of 50.0 GB'
  assert.is(shapeOf(line), shapeOf('cache  48210 blobs, 1.0 GB of 50.0 GB'))
  assert.is.not(shapeOf(line), shapeOf('cache  3 blobs, 12.3 kB'))
  assert.is.not(shapeOf('slots  █ 1 of 1   queue 1'), shapeOf('slots  █ 1 of 1   queue 2'))
  assert.is(
    shapeOf('ok    disk         72.5 GB free'),
    shapeOf('warn  disk         1 bytes free\n                   free some\n').trimEnd(),
  )
})

test.run()
