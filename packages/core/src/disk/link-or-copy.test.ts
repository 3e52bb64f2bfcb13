import { equal, ok, throws } from 'node:assert/strict'
import { chownSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryDirectory } from '../testing/index.js'
import { copyFile, linkOrCopy } from './link-or-copy.js'

const OTHER_FILE_SYSTEM = '/dev/shm'
const NOBODY = 65_534

test('links where it can', () => {
  using directory = temporaryDirectory()
  const source = join(directory.path, 'source')
  writeFileSync(source, 'content')
  equal(linkOrCopy(source, join(directory.path, 'target')), 'linked')
  equal(statSync(join(directory.path, 'target')).ino, statSync(source).ino)
})

test('copies to another file system', () => {
  using directory = temporaryDirectory()
  if (!existsSync(OTHER_FILE_SYSTEM) || statSync(OTHER_FILE_SYSTEM).dev === statSync(directory.path).dev) {
    console.log(`SKIP copies to another file system: ${OTHER_FILE_SYSTEM} is none`)
    return
  }
  using elsewhere = temporaryDirectory(OTHER_FILE_SYSTEM)
  const source = join(directory.path, 'source')
  const target = join(elsewhere.path, 'target')
  writeFileSync(source, 'content')
  equal(linkOrCopy(source, target), 'copied')
  equal(readFileSync(target, 'utf8'), 'content')
  throws(() => linkOrCopy(source, target), { code: 'EEXIST' })
  throws(() => linkOrCopy(join(directory.path, 'absent'), join(elsewhere.path, 'other')), { code: 'ENOENT' })
  equal(existsSync(join(elsewhere.path, 'other')), false)
})

test("copies what the kernel does not let us link: another user's file", () => {
  const setting = '/proc/sys/fs/protected_hardlinks'
  const protectedHardlinks = existsSync(setting) && readFileSync(setting, 'utf8').trim() === '1'
  if (process.geteuid?.() !== 0 || !protectedHardlinks) {
    console.log(`SKIP copies what it may not link: needs root, and ${setting} to be 1`)
    return
  }
  using directory = temporaryDirectory()
  const before = process.cwd()
  // Relative paths: the other user may be kept out of a directory above.
  process.chdir(directory.path)
  writeFileSync('source', 'content', { mode: 0o444 })
  chownSync('.', NOBODY, NOBODY)
  process.seteuid?.(NOBODY)
  try {
    equal(linkOrCopy('source', 'target'), 'copied')
    equal(statSync('target').uid, NOBODY)
  } finally {
    process.seteuid?.(0)
    process.chdir(before)
  }
})

test('never replaces a file, and says when there is none to link', () => {
  using directory = temporaryDirectory()
  const source = join(directory.path, 'source')
  const existing = join(directory.path, 'existing')
  writeFileSync(source, 'content')
  writeFileSync(existing, 'old')
  throws(() => linkOrCopy(source, existing), { code: 'EEXIST' })
  throws(() => copyFile(source, existing), { code: 'EEXIST' })
  throws(() => linkOrCopy(join(directory.path, 'absent'), join(directory.path, 'target')), { code: 'ENOENT' })
  equal(readFileSync(existing, 'utf8'), 'old')
})

test('a copy is a file of its own', () => {
  using directory = temporaryDirectory()
  const source = join(directory.path, 'source')
  const target = join(directory.path, 'target')
  writeFileSync(source, 'content')
  copyFile(source, target)
  ok(statSync(target).ino !== statSync(source).ino)
  equal(readFileSync(target, 'utf8'), 'content')
})

test.run()
