import { equal, throws } from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryDirectory } from '../testing/index.js'
import { moveInto } from './move-into.js'

test('a file is moved, into a directory that is made if it has to be', () => {
  using directory = temporaryDirectory()
  const target = join(directory.path, 'a', 'b', 'file')
  for (const text of ['first', 'second']) {
    const source = join(directory.path, 'source')
    writeFileSync(source, text)
    moveInto(source, target)
    equal(readFileSync(target, 'utf8'), text)
    equal(existsSync(source), false)
  }
})

test('a file that is not there is an error', () => {
  using directory = temporaryDirectory()
  throws(() => moveInto(join(directory.path, 'none'), join(directory.path, 'a', 'file')), { code: 'ENOENT' })
})

test.run()
