import { deepEqual, equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryDirectory } from '../testing/index.js'
import { isProcessAlive, processIdentity } from './process-identity.js'
import { Session } from './session.js'

const endedPid = () => spawnSync('true').pid

test('a session is a directory for nobody else, gone with all its content when disposed of', () => {
  using directory = temporaryDirectory()
  const parent = join(directory.path, 'made', 'if absent')
  const session = Session.open(parent)
  const uploads = session.directory('upload')
  equal(session.directory('upload'), uploads)
  writeFileSync(join(uploads, 'file'), '')
  const [name = '', ...others] = readdirSync(parent)
  deepEqual(others, [])
  equal(statSync(join(parent, name)).mode & 0o777, 0o700)
  session[Symbol.dispose]()
  deepEqual(readdirSync(parent), [])
  session[Symbol.dispose]()
})

test('one process may have many sessions in one place', () => {
  using directory = temporaryDirectory()
  using one = Session.open(directory.path)
  const other = Session.open(directory.path)
  ok(one.directory('work') !== other.directory('work'))
  other[Symbol.dispose]()
  ok(existsSync(one.directory('work')))
})

test('sessions that another copy of this package opened in this process are respected', () => {
  using directory = temporaryDirectory()
  for (const n of [0, 1, 2]) mkdirSync(join(directory.path, `gorego-${processIdentity()}-${n}`))
  {
    using session = Session.open(directory.path)
    ok(existsSync(session.directory('work')))
  }
  equal(readdirSync(directory.path).length, 3)
})

test('opening sweeps the sessions of processes that have ended, also where their pid came back', () => {
  using directory = temporaryDirectory()
  const pid = endedPid()
  const dead = [`gorego-${pid}-17-0`, `gorego-${process.pid}-17-3`, `gorego-${pid}-17-0.deep-${pid}-1`]
  for (const name of dead) mkdirSync(join(directory.path, name, 'upload'), { recursive: true })
  for (const name of dead) writeFileSync(join(directory.path, name, 'upload', '0'), 'half')
  using _session = Session.open(directory.path)
  deepEqual(
    dead.filter((name) => existsSync(join(directory.path, name))),
    [],
  )
})

test('opening sweeps neither living sessions nor anything that is no session', () => {
  using directory = temporaryDirectory()
  const others = [
    `gorego-${processIdentity(process.ppid)}-0`,
    `gorego-${process.ppid}-0-0`,
    '2024-01-15',
    `${endedPid()}-17-0`,
    'gorego-x-y-z',
    `gorego-${endedPid()}-17`,
    `my-gorego-${endedPid()}-17-0`,
    'notes',
  ]
  for (const name of others) mkdirSync(join(directory.path, name))
  {
    using _session = Session.open(directory.path)
  }
  deepEqual(readdirSync(directory.path).sort(), [...others].sort())
})

test('a process is known by its pid and when it was started', () => {
  ok(isProcessAlive(processIdentity()))
  ok(isProcessAlive(processIdentity(process.ppid)))
  ok(isProcessAlive(`${process.pid}-0`), 'the time was not known')
  equal(isProcessAlive(`${endedPid()}-0`), false)
  if (existsSync('/proc/self/stat')) equal(isProcessAlive(`${process.pid}-1`), false)
  for (const garbage of ['', '-', '1', 'x-1', '1-x', `${process.pid}-1-0`])
    equal(isProcessAlive(garbage), false, garbage)
})

test('a session tells whether another one has been opened or closed beside it', () => {
  using directory = temporaryDirectory()
  using session = Session.open(directory.path)
  const isAlone = session.watchForOthers()
  session.directory('work')
  writeFileSync(join(session.directory('work'), 'file'), '')
  equal(isAlone(), true)
  const other = Session.open(directory.path)
  other[Symbol.dispose]()
  equal(isAlone(), false)
  // What it did while it was there stays done.
  equal(isAlone(), false)
})

test('a session that was opened beside another one is not alone, nor is that one any more', () => {
  using directory = temporaryDirectory()
  using one = Session.open(directory.path)
  const isFirstAlone = one.watchForOthers()
  using two = Session.open(directory.path)
  equal(two.watchForOthers()(), false)
  equal(isFirstAlone(), false)
})

test('what a killed process left does not count as another session', () => {
  using directory = temporaryDirectory()
  mkdirSync(join(directory.path, `gorego-${endedPid()}-1-0`))
  using session = Session.open(directory.path)
  equal(session.watchForOthers()(), true)
})

test.run()
