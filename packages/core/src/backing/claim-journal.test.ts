import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { processIdentity } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { claimJournal } from './claim-journal.js'

/** A process that there cannot be. */
const GONE = '2147483646-1'

const directory = temporaryDirectory()
test.after(() => directory[Symbol.dispose]())
const make = (name: string, text: string) => writeFileSync(join(directory.path, name), text)
const names = () => readdirSync(directory.path).sort()

test('each has a file of its own, which is gone when nothing is left in it', async () => {
  const [one, two] = [await claimJournal(directory.path), await claimJournal(directory.path)]
  assert.equal(names(), [basename(one.path), basename(two.path)].sort())
  await one.release(false)
  await two.release(false)
  assert.equal(names(), [])
})

test('what processes that are gone have left is taken over, also halfway; what the living have is theirs', async () => {
  const alive = `pending-${processIdentity()}-0`
  make(alive, '+alive\n')
  make(`pending-${GONE}-0`, '+one\n-one\n+two\n+cut sho')
  make(`pending-${GONE}-7-left`, '+three\n')
  make('left-0123-abc', '+four\n')
  make('pending', '+of a server before\n')
  make('pending-notes', '+not ours\n')
  const journal = await claimJournal(directory.path)
  assert.equal(names(), ['pending-notes', alive, basename(journal.path)].sort())
  const lines = readFileSync(journal.path, 'utf8').split('\n')
  assert.equal(lines.filter((line) => line !== '').sort(), [
    '+four',
    '+of a server before',
    '+one',
    '+three',
    '+two',
    '-one',
  ])
  assert.ok(lines.indexOf('+one') < lines.indexOf('-one'))
  await journal.release(true)
  assert.not.ok(existsSync(journal.path))
  const next = await claimJournal(directory.path)
  assert.match(readFileSync(next.path, 'utf8'), '+three\n')
  await next.release(false)
  assert.equal(names(), [alive, 'pending-notes'])
  for (const name of names()) rmSync(join(directory.path, name))
})

test('many that come at once take over each line once', async () => {
  for (let n = 0; n < 20; n++) make(`pending-${GONE}-${n}`, `+job ${n}\n`)
  const journals = await Promise.all(Array.from({ length: 5 }, () => claimJournal(directory.path)))
  const jobs = journals.flatMap(({ path }) => readFileSync(path, 'utf8').split('\n').slice(0, -1))
  assert.equal(jobs.sort(), Array.from({ length: 20 }, (_, n) => `+job ${n}`).sort())
})

test('what has the name of a list and is no file is passed over', async () => {
  for (const journal of readdirSync(directory.path)) rmSync(join(directory.path, journal))
  mkdirSync(join(directory.path, 'left-0123'))
  make('left-4567', '+one\n')
  const journal = await claimJournal(directory.path)
  assert.equal(names(), ['left-0123', basename(journal.path)])
  assert.is(readFileSync(journal.path, 'utf8'), '+one\n')
  await journal.release(false)
  rmdirSync(join(directory.path, 'left-0123'))
})

test('where it cannot be done nothing is left and nothing lost, and the error says where, why, and what to do', async () => {
  const probe = await claimJournal(directory.path)
  await probe.release(false)
  // Where what is taken over would go.
  const inTheWay = `${probe.path}-left`
  mkdirSync(inTheWay)
  make('left-89', '+one\n')
  const before = names()
  const error = await claimJournal(directory.path).catch((thrown: unknown) => thrown)
  assert.instance(error, GoregoError)
  assert.match(String(error), directory.path)
  assert.match(String(error), /EISDIR|EEXIST|ENOTEMPTY/)
  assert.match(String(error), 'remove what is in the way')
  assert.equal(names(), before)
  rmdirSync(inTheWay)
  const journal = await claimJournal(directory.path)
  assert.is(readFileSync(journal.path, 'utf8'), '+one\n')
  await journal.release(false)
  make('file', '')
  await assertRefused(join(directory.path, 'file', 'below'))
  rmSync(join(directory.path, 'file'))
})

async function assertRefused(path: string): Promise<void> {
  const error = await claimJournal(path).catch((thrown: unknown) => thrown)
  assert.instance(error, GoregoError)
  assert.match(String(error), path)
}

test.run()
