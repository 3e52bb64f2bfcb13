import { readdirSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clock } from '../src/doctor/hello.js'
import { checkOpenFiles } from '../src/doctor/open-files.js'
import { Machine } from './cli-process.js'

interface Finding {
  readonly about: string
  readonly level: string
  readonly message: string
  readonly nextStep?: string
}

const levels = (json: string) =>
  Object.fromEntries((JSON.parse(json).findings as Finding[]).map(({ about, level }) => [about, level]))

test('a server is asked, and runs an echo; this machine is looked at; nothing is left', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all', '--concurrency', '1'])
  const target = await server.ready()
  const before = readdirSync(machine.home)
  const { code, stdout, stderr } = await machine.gorego(['doctor', '--remote', target])
  assert.is(code, 0, stdout + stderr)
  assert.match(stdout, /^ok {4}versions +gorego \d/m)
  assert.match(stdout, /^(ok|warn) +disk +[\d.]+ .B free for /m)
  assert.match(stdout, /^(ok|warn) +file system +.*: (hard links|no hard links), (reflinks|no reflinks)$/m)
  assert.match(stdout, /^(ok|warn) +launcher +/m)
  // As a server would try it: started by root, with somebody else in it.
  const works = process.getuid?.() === 0 ? ', and actions in it are run by user [1-9]\\d*' : ''
  assert.match(
    stdout,
    new RegExp(`^(ok +sandbox +bubblewrap works${works}|warn +sandbox +bubblewrap does not work: .*)$`, 'm'),
  )
  assert.match(stdout, new RegExp(`^ok +server +${target} speaks REAPI 2\\.0 to 2\\.\\d+$`, 'm'))
  assert.match(stdout, /^ok +hello +it ran echo hello in \d/m)
  assert.match(stdout, /^ok +clock +that of the server and this one agree$/m)
  assert.equal(readdirSync(machine.home), before)
})

test('a server that is named and not there is a failure; one that caches only, a warning', async () => {
  await using machine = new Machine()
  const server = machine.start(['start', '--listen', '127.0.0.1:0', '--dir', 'all'], {
    GOREGO_EXECUTION_ENABLED: 'false',
  })
  const target = await server.ready()
  const [absent, cache] = await Promise.all([
    machine.gorego(['doctor', '--json'], { GOREGO_REMOTE: 'unix:nobody.sock' }),
    machine.gorego(['doctor', '--json', '--remote', target]),
  ])
  assert.is(absent.code, 1)
  const { ok, findings } = JSON.parse(absent.stdout)
  assert.is(ok, false)
  const { about, level, nextStep } = findings.at(-1) as Finding
  assert.equal([about, level], ['server', 'fail'])
  assert.match(nextStep ?? '', 'gorego start')
  assert.is(cache.code, 0)
  const { server: known, hello } = levels(cache.stdout)
  assert.equal([known, hello], ['ok', 'warn'])
})

test('too few files, and clocks that differ', () => {
  const limits = (soft: string) =>
    `Max processes  1  1\nMax open files            ${soft}                 4096  files\n`
  assert.is(checkOpenFiles(limits('1024'))?.level, 'warn')
  assert.is(checkOpenFiles(limits('unlimited'))?.level, 'ok')
  assert.is(checkOpenFiles(limits('65536'))?.level, 'ok')
  assert.is(checkOpenFiles(''), undefined)
  assert.is(clock(1000, 900, 1100).level, 'ok')
  assert.match(clock(900_000, 1_000_000, 1_000_100).message, '100.0 s behind this one')
  assert.match(clock(1_200_000, 1_000_000, 1_000_100).message, '3 min 19 s ahead of this one')
})

test('where none is named and none answers, one is started for it', async () => {
  await using machine = new Machine()
  // There may be one on this machine, which then answers.
  const { code, stdout, stderr } = await machine.gorego(['doctor', '--json'])
  assert.is(code, 0, stdout + stderr)
  assert.is(levels(stdout).hello, 'ok')
})

test.run()
