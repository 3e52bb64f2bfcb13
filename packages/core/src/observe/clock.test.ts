import { equal, ok } from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'uvu'
import { HANG_BOUND_MS } from '../testing/index.js'
import { systemClock } from './clock.js'
import { silentLogger } from './logger.js'

test('the system clock tells the time', () => {
  const before = Date.now()
  const now = systemClock.now()
  ok(before <= now && now <= Date.now())
})

test('it calls back once, but not what was called off', async () => {
  // Something must keep the process alive: the clock does not.
  const alive = setInterval(() => {}, 1000)
  let calls = 0
  const calledOff = systemClock.after(0, () => calls++)
  calledOff[Symbol.dispose]()
  await new Promise<void>((resolve) => {
    const timer = systemClock.after(5, () => {
      timer[Symbol.dispose]()
      resolve()
    })
  })
  clearInterval(alive)
  equal(calls, 0)
})

test('a delay too long for setTimeout does not fire at once', async () => {
  let fired = false
  using _timer = systemClock.after(Number.MAX_SAFE_INTEGER, () => {
    fired = true
  })
  await new Promise((resolve) => setTimeout(resolve, 5))
  equal(fired, false)
})

const inProcess = (program: string) => {
  const imports = `import { systemClock, wakefulClock } from ${JSON.stringify(new URL('./clock.ts', import.meta.url).href)}`
  const flags = [...process.execArgv, '--input-type=module', '-e', `${imports}\n${program}`]
  const { status, stdout, stderr } = spawnSync(process.execPath, flags, { timeout: HANG_BOUND_MS, encoding: 'utf8' })
  equal(status, 0, stderr)
  return stdout
}

test('it does not keep a process alive', () => {
  equal(inProcess('systemClock.after(600_000, () => {})'), '')
})

test('the wakeful one does, until it has called or is called off', () => {
  equal(inProcess("wakefulClock.after(5, () => console.log('called'))"), 'called\n')
  equal(inProcess('wakefulClock.after(600_000, () => {})[Symbol.dispose]()'), '')
})

test('the silent logger takes everything', () => {
  for (const level of ['debug', 'info', 'warn', 'error'] as const) equal(silentLogger[level]('x', { a: 1 }), undefined)
})

test.run()
