// Real little test files in processes of their own; they print uvu's summary themselves, to have nothing to import.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runTestFile } from './test-process.mjs'

const passes = `console.log('  Total: 1\\n  Passed: 1\\n  Skipped: 0')\n`
const onLinux = existsSync('/proc/self/environ')

const test = suite('test-process', { base: '' })

test.before.each((context) => {
  context.base = mkdtempSync(join(tmpdir(), 'runner-'))
})

test.after.each(({ base }) => {
  rmSync(base, { recursive: true })
})

async function run(base, source, limits) {
  writeFileSync(join(base, 'a.test.ts'), source)
  const { passed, failed, problems, output } = await runTestFile('a.test.ts', { base, limits })
  return { passed, failed, problems, output }
}

test('runs TypeScript, in a temporary directory of its own', async ({ base }) => {
  const source = `import { tmpdir } from 'node:os'\nconst where: string = tmpdir()\nconsole.log('in', where)\n${passes}`
  const { passed, failed, problems, output } = await run(base, source)
  assert.equal({ passed, failed, problems }, { passed: 1, failed: 0, problems: [] })
  const where = /^in (.*)$/m.exec(output)[1]
  assert.is.not(where, tmpdir())
  assert.is(existsSync(where), false)
})

test('shows what a crashing file printed', async ({ base }) => {
  const { passed, failed, output } = await run(base, `throw new Error('boom')\n`)
  assert.equal({ passed, failed }, { passed: 0, failed: 1 })
  assert.match(output, 'boom')
})

test('names files left in the temporary directory and removes them, read-only ones too', async ({ base }) => {
  const source = `
    import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
    import { tmpdir } from 'node:os'
    mkdirSync(tmpdir() + '/left/tree', { recursive: true })
    writeFileSync(tmpdir() + '/left/tree/file', '')
    chmodSync(tmpdir() + '/left/tree', 0o555)
    console.log('in ' + tmpdir())
    ${passes}`
  const { failed, problems, output } = await run(base, source)
  assert.is(failed, 1)
  assert.match(problems[0], 'left in its temporary directory: left')
  assert.is(existsSync(/^in (.*)$/m.exec(output)[1]), false)
})

test('names and ends processes that outlive the file', async ({ base }) => {
  const source = `
    import { spawn } from 'node:child_process'
    const child = spawn('sleep', ['61'], { stdio: 'inherit' })
    child.unref()
    console.log('pid ' + child.pid)
    ${passes}`
  const { failed, problems, output } = await run(base, source, { grace: 200 })
  assert.is(failed, 1)
  assert.match(problems[0], onLinux ? 'sleep 61' : 'a process of its group')
  assertEnded(output)
})

test('finds processes that left the group and dropped the environment, as actions do', async ({ base }) => {
  if (!onLinux) return console.log('SKIP processes in groups of their own: there is no /proc here')
  const source = `
    import { spawn } from 'node:child_process'
    import { mkdtempSync, rmSync } from 'node:fs'
    import { tmpdir } from 'node:os'
    const cwd = mkdtempSync(tmpdir() + '/action-')
    const child = spawn('/bin/sleep', ['62'], { cwd, env: {}, detached: true, stdio: 'ignore' })
    child.unref()
    child.once('spawn', () => rmSync(cwd, { recursive: true }))
    console.log('pid ' + child.pid)
    ${passes}`
  const { problems, output } = await run(base, source, { grace: 200 })
  assert.equal(problems.length, 1)
  assert.match(problems[0], 'sleep 62')
  assertEnded(output)
})

test('stops a file that takes too long', async ({ base }) => {
  const source = `console.log('started')\nsetInterval(() => {}, 1000)\n`
  const { failed, problems } = await run(base, source, { total: 1500 })
  assert.is(failed, 1)
  assert.match(problems[0], 'was stopped after 1.5 s')
})

test('stops a file that something keeps alive after its tests', async ({ base }) => {
  const source = `${passes}setInterval(() => {}, 1000)\n`
  const { passed, failed, problems } = await run(base, source, { afterSummary: 300 })
  assert.equal({ passed, failed }, { passed: 1, failed: 1 })
  assert.match(problems[0], 'something keeps the process alive')
})

test('uses the sources of our packages, not what was built from them', async ({ base }) => {
  const folder = join(base, 'node_modules', 'dual')
  mkdirSync(folder, { recursive: true })
  const exports = { 'gorego-source': './source.mjs', default: './built.mjs' }
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'dual', exports }))
  writeFileSync(join(folder, 'source.mjs'), `console.log('from source')`)
  writeFileSync(join(folder, 'built.mjs'), `console.log('from dist')`)
  const { output } = await run(base, `import 'dual'\n${passes}`)
  assert.match(output, 'from source')
})

function assertEnded(output) {
  const pid = /^pid (\d+)$/m.exec(output)[1]
  // Where nobody reaps orphans, a zombie stays.
  assert.match(spawnSync('ps', ['-o', 'stat=', '-p', pid]).stdout.toString(), /^(Z.*)?\s*$/)
}

test.run()
