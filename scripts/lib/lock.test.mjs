import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { withLock } from './lock.mjs'

const test = suite('lock', { directory: '', lock: '' })

test.before.each((context) => {
  context.directory = mkdtempSync(join(tmpdir(), 'lock-'))
  context.lock = join(context.directory, 'deeper', 'lock')
})

test.after.each(({ directory }) => rmSync(directory, { recursive: true }))

test('is held during the work and gone after it, also when the work fails', async ({ lock }) => {
  await withLock(lock, () => assert.is(readlinkSync(lock), String(process.pid)))
  assert.is(existsSync(lock), false)
  const failing = () => Promise.reject(new Error('no luck'))
  await withLock(lock, failing).then(assert.unreachable, (error) => assert.is(error.message, 'no luck'))
  assert.is(await withLock(lock, () => 'again'), 'again')
})

test('lets one process at a time work, even when all find the lock of a dead one', async ({ directory }) => {
  const lock = join(directory, 'lock')
  const log = join(directory, 'log')
  writeFileSync(log, '')
  symlinkSync(String(await deadPid()), lock)
  const program = `
    import { appendFileSync } from 'node:fs'
    import { withLock } from ${JSON.stringify(new URL('./lock.mjs', import.meta.url).href)}
    for (let turn = 0; turn < 5; turn++) await withLock(${JSON.stringify(lock)}, async () => {
      appendFileSync(${JSON.stringify(log)}, '<')
      await new Promise((resolve) => setTimeout(resolve, 5))
      appendFileSync(${JSON.stringify(log)}, '>')
    })`
  const codes = await Promise.all([1, 2, 3, 4].map(() => exitCode(['--input-type=module', '-e', program])))
  assert.equal(codes, [0, 0, 0, 0])
  assert.is(readFileSync(log, 'utf8'), '<>'.repeat(20))
})

test('names the owner when it waits, and gives up at last', async ({ directory }) => {
  const lock = join(directory, 'lock')
  symlinkSync(String(process.ppid), lock)
  let waitedFor
  const onWait = (pid) => {
    waitedFor = pid
  }
  await withLock(lock, assert.unreachable, { onWait, giveUpAfter: 150 }).then(assert.unreachable, (error) => {
    assert.match(error.message, `process ${process.ppid} has held`)
  })
  assert.is(waitedFor, process.ppid)
})

function exitCode(args) {
  return new Promise((resolve) => spawn(process.execPath, args, { stdio: 'inherit' }).once('close', resolve))
}

function deadPid() {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', ''])
    child.once('close', () => resolve(child.pid))
  })
}

test.run()
