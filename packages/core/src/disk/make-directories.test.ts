import { existsSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { makeDirectories } from './make-directories.js'

const test = suite('makeDirectories', { base: '' })

test.before.each((context) => {
  context.base = mkdtempSync(join(tmpdir(), 'directories-'))
})

test.after.each(({ base }) => rmSync(base, { recursive: true }))

const refused = (code: string) => (error: NodeJS.ErrnoException) => error.code === code

test('those above are made, too, each with the mode', ({ base }) => {
  makeDirectories(join(base, 'a/b/c'), { mode: 0o700 })
  assert.equal(
    ['a', 'a/b', 'a/b/c'].map((path) => statSync(join(base, path)).mode & 0o777),
    [0o700, 0o700, 0o700],
  )
})

test('what is there stays, also behind a link', ({ base }) => {
  makeDirectories(join(base, 'a/b'), { mode: 0o750 })
  symlinkSync('a', join(base, 'link'))
  makeDirectories(join(base, 'link/b'), { mode: 0o700 })
  assert.is(statSync(join(base, 'a/b')).mode & 0o777, 0o750)
})

test('a file in the way, and a link that leads nowhere, are said', ({ base }) => {
  writeFileSync(join(base, 'file'), '')
  symlinkSync('nowhere', join(base, 'link'))
  assert.throws(() => makeDirectories(join(base, 'file')), refused('EEXIST'))
  assert.throws(() => makeDirectories(join(base, 'file/below/it')), refused('ENOTDIR'))
  assert.throws(() => makeDirectories(join(base, 'link')), refused('EEXIST'))
})

test('a file system that takes no directories is said, and nothing is tried for ever', () => {
  if (!existsSync('/proc/self')) return console.log('SKIP directories that cannot be made: there is no /proc here')
  for (const path of ['/proc/x', '/proc/self/x/y/z']) assert.throws(() => makeDirectories(path), refused('ENOENT'))
})

test.run()
