import { equal } from 'node:assert/strict'
import { appendFileSync, closeSync, mkdirSync, openSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryDirectory } from '../testing/index.js'
import { isIntact, STORED_MTIME_S, sealDescriptor, sealFile, storedMode } from './stored-file.js'

const modeOf = (path: string) => statSync(path).mode & 0o777

test('sealing gives a file the mode of its variant and the one fixed time, by path and by descriptor', () => {
  using directory = temporaryDirectory()
  for (const variant of ['plain', 'executable'] as const) {
    for (const mode of [0o000, 0o400, 0o444, 0o777]) {
      const byPath = join(directory.path, `${variant}-${mode}-path`)
      writeFileSync(byPath, 'abc', { mode })
      sealFile(byPath, variant)
      const byDescriptor = join(directory.path, `${variant}-${mode}-descriptor`)
      const fd = openSync(byDescriptor, 'wx', mode)
      appendFileSync(fd, 'abc')
      sealDescriptor(fd, variant)
      closeSync(fd)
      for (const path of [byPath, byDescriptor]) {
        equal(modeOf(path), variant === 'plain' ? 0o444 : 0o555)
        equal(modeOf(path), storedMode(variant))
        equal(isIntact(statSync(path), 3), true)
      }
    }
  }
})

test('a file of another size or time, or what is no file, is not intact', () => {
  using directory = temporaryDirectory()
  const path = join(directory.path, 'file')
  writeFileSync(path, 'abc')
  equal(isIntact(statSync(path), 3), false)
  sealFile(path, 'plain')
  equal(isIntact(statSync(path), 3), true)
  equal(isIntact(statSync(path), 2), false)
  utimesSync(path, STORED_MTIME_S, STORED_MTIME_S + 0.001)
  equal(isIntact(statSync(path), 3), false)
  const folder = join(directory.path, 'folder')
  mkdirSync(folder)
  utimesSync(folder, STORED_MTIME_S, STORED_MTIME_S)
  equal(isIntact(statSync(folder), statSync(folder).size), false)
})

test.run()
