import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { findTests, isHeavy } from './test-files.mjs'

const test = suite('test-files', { base: '' })

test.before.each((context) => {
  context.base = mkdtempSync(join(tmpdir(), 'find-'))
  const files = [
    'packages/core/src/cas/local-store.test.ts',
    'packages/core/src/cas/local-store.ts',
    'packages/core/dist/cas.test.ts',
    'packages/core/node_modules/other/a.test.ts',
    'packages/core/test/whole.test.ts',
    'examples/hello/hello.test.ts',
    'test/e2e/bazel.test.ts',
    'scripts/lib/lock.test.mjs',
    'elsewhere/b.test.ts',
  ]
  for (const path of files) {
    mkdirSync(dirname(join(context.base, path)), { recursive: true })
    writeFileSync(join(context.base, path), '')
  }
  symlinkSync(join(context.base, 'packages'), join(context.base, 'examples/hello/bazel-hello'))
})

test.after.each(({ base }) => rmSync(base, { recursive: true }))

test('finds the tests of packages, examples and scripts, not those of what was installed, built or linked', ({
  base,
}) => {
  assert.equal(findTests([], base), [
    'packages/core/src/cas/local-store.test.ts',
    'packages/core/test/whole.test.ts',
    'examples/hello/hello.test.ts',
    'test/e2e/bazel.test.ts',
    'scripts/lib/lock.test.mjs',
  ])
})

test('a filter is a part of the path, and one that fits suffices', ({ base }) => {
  assert.equal(findTests(['cas/', 'lock'], base), [
    'packages/core/src/cas/local-store.test.ts',
    'scripts/lib/lock.test.mjs',
  ])
})

test('what starts real servers and build tools is heavy', () => {
  const heavy = ['test/e2e/bazel.test.ts', 'test/torture/evict.test.ts', 'examples/hello/hello.test.ts']
  assert.equal([...heavy, 'packages/core/src/a.test.ts'].map(isHeavy), [true, true, true, false])
})

test.run()
