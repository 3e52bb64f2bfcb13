// What our patch of uvu is for: a test or a hook that throws says what it threw, whatever that is.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { runTestFile } from './test-process.mjs'
import { root } from './workspace.mjs'

const test = suite('uvu-patch', { base: '' })

test.before.each((context) => {
  context.base = mkdtempSync(join(tmpdir(), 'runner-'))
  writeFileSync(join(context.base, 'package.json'), '{ "type": "module" }\n')
  mkdirSync(join(context.base, 'node_modules', '@gorego'), { recursive: true })
  symlinkSync(join(root, 'node_modules/uvu'), join(context.base, 'node_modules/uvu'))
  symlinkSync(join(root, 'packages/core'), join(context.base, 'node_modules/@gorego/core'))
})

test.after.each(({ base }) => {
  rmSync(base, { recursive: true })
})

/** `source` has `test` of uvu. */
async function run(base, source) {
  writeFileSync(join(base, 'a.test.ts'), `import { test } from 'uvu'\n${source}\ntest.run()\n`)
  return runTestFile('a.test.ts', { base })
}

test('an error of ours is shown, with its details and the place', async ({ base }) => {
  const { passed, failed, output, problems } = await run(
    base,
    `import { GoregoError } from '@gorego/core'
     test('first', () => {
       throw new GoregoError('unavailable', 'the moon is away', { details: [{ kind: 'retry-after', delayMs: 4711 }] })
     })
     test('second', () => { throw new GoregoError('internal', 'nothing to add') })
     test('third', () => {})`,
  )
  assert.equal({ passed, failed, problems }, { passed: 1, failed: 2, problems: [] })
  assert.match(output, /"first"\n +the moon is away\n/)
  assert.match(output, /delayMs: 4711/)
  assert.match(output, /a\.test\.ts:\d+/)
  assert.match(output, /"second"\n +nothing to add\n/)
})

test('so is what is no error at all', async ({ base }) => {
  const { failed, output } = await run(
    base,
    `test('text', () => { throw 'words' })
     test('nothing', () => Promise.reject())`,
  )
  assert.is(failed, 2)
  assert.match(output, /"text"\n +threw 'words'\n/)
  assert.match(output, /"nothing"\n +threw undefined\n/)
})

test('a hook before all tests that fails', async ({ base }) => {
  const { passed, failed, output } = await run(
    base,
    `test.before(() => { throw new Error('no server') })
     test('one', () => {})`,
  )
  assert.equal({ passed, failed }, { passed: 0, failed: 1 })
  assert.match(output, /"a hook, before all"\n +no server\n/)
})

test('a hook after a test that fails hides neither the test nor itself', async ({ base }) => {
  const { failed, output } = await run(
    base,
    `test.after.each(() => { throw new Error('nothing to remove') })
     test('one', () => { throw new Error('not made') })`,
  )
  assert.is(failed, 1)
  assert.match(output, /"one"\n +not made\n/)
  assert.match(output, /"a hook, after one"\n +nothing to remove\n/)
})

test('an assertion still shows what differs', async ({ base }) => {
  const { output } = await run(
    base,
    `import * as assert from 'uvu/assert'
     test('one', () => assert.equal({ a: 1 }, { a: 2 }))
     test('two', () => assert.ok(false))`,
  )
  assert.match(output, /\+\+.*2,?\n/)
  assert.match(output, /Expected value to be truthy/)
})

test.run()
