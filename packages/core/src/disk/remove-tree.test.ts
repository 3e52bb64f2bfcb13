import { deepEqual, equal, throws } from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryDirectory } from '../testing/index.js'
import { removeTree } from './remove-tree.js'

const NOBODY = 65_534

/**
 * Root may do everything, so what is about permissions is done as somebody else, in a directory of his. Paths must be
 * relative to it: he may be kept out of one above it.
 */
function asNobodyIn(directory: string, action: () => void): void {
  const isRoot = process.geteuid?.() === 0
  const before = process.cwd()
  process.chdir(directory)
  if (isRoot) {
    chownSync('.', NOBODY, NOBODY)
    process.seteuid?.(NOBODY)
  }
  try {
    action()
  } finally {
    if (isRoot) process.seteuid?.(0)
    process.chdir(before)
  }
}

test('what is absent is removed already', () => {
  using directory = temporaryDirectory()
  removeTree(join(directory.path, 'absent'))
  removeTree(join(directory.path, 'absent', 'too'))
})

test('a file, a tree of directories and files, an empty directory', () => {
  using directory = temporaryDirectory()
  writeFileSync(join(directory.path, 'file'), '')
  mkdirSync(join(directory.path, 'tree', 'a', 'b'), { recursive: true })
  mkdirSync(join(directory.path, 'tree', 'empty'))
  for (const path of ['tree/1', 'tree/a/2', 'tree/a/b/3']) writeFileSync(join(directory.path, path), path)
  mkdirSync(join(directory.path, 'empty'))
  writeFileSync(join(directory.path, 'neighbour'), '')
  for (const name of ['file', 'tree', 'empty']) removeTree(join(directory.path, name))
  deepEqual(readdirSync(directory.path), ['neighbour'])
})

test('symbolic links are removed, never followed', () => {
  using directory = temporaryDirectory()
  const outside = join(directory.path, 'outside')
  const tree = join(directory.path, 'tree')
  mkdirSync(outside)
  writeFileSync(join(outside, 'precious'), '')
  chmodSync(outside, 0o500)
  mkdirSync(tree)
  symlinkSync(outside, join(tree, 'absolute'))
  symlinkSync('../outside', join(tree, 'relative'))
  symlinkSync('../outside/precious', join(tree, 'to-file'))
  symlinkSync('nowhere', join(tree, 'dangling'))
  symlinkSync('.', join(tree, 'loop'))
  removeTree(tree)
  symlinkSync('outside', join(directory.path, 'root'))
  removeTree(join(directory.path, 'root'))
  deepEqual(readdirSync(directory.path), ['outside'])
  deepEqual(readdirSync(outside), ['precious'])
  equal(statSync(outside).mode & 0o777, 0o500)
})

test('directories that their owner took the permissions from are opened up', () => {
  using directory = temporaryDirectory()
  const tree = 'tree'
  asNobodyIn(directory.path, () => {
    const modes = [0o000, 0o111, 0o222, 0o333, 0o444, 0o555]
    mkdirSync(tree)
    for (const mode of modes) {
      mkdirSync(join(tree, `${mode}`, 'sub', 'sub'), { recursive: true })
      for (const path of ['file', 'sub/file', 'sub/sub/file']) writeFileSync(join(tree, `${mode}`, path), '')
      for (const path of ['sub/sub', 'sub', '.']) chmodSync(join(tree, `${mode}`, path), mode)
    }
    chmodSync(tree, 0)
    throws(() => readdirSync(tree), { code: 'EACCES' })
    removeTree(tree)
    equal(existsSync(tree), false)
  })
})

test('files keep their mode: they may be links to stored blobs', () => {
  using directory = temporaryDirectory()
  const stored = join(directory.path, 'stored')
  writeFileSync(stored, '')
  chmodSync(stored, 0o444)
  mkdirSync(join(directory.path, 'tree'))
  linkSync(stored, join(directory.path, 'tree', 'link'))
  chmodSync(join(directory.path, 'tree'), 0o500)
  removeTree(join(directory.path, 'tree'))
  equal(statSync(stored).mode & 0o777, 0o444)
  equal(statSync(stored).nlink, 1)
})

test('names are bytes: those that are no UTF-8 go too', () => {
  using directory = temporaryDirectory()
  const tree = join(directory.path, 'tree')
  mkdirSync(tree)
  const below = (...bytes: number[]) => Buffer.concat([Buffer.from(`${tree}/`), Buffer.from(bytes)])
  mkdirSync(below(0xff))
  writeFileSync(below(0xff, 0x2f, 0xfe, 0xc0), '')
  writeFileSync(below(0xc3), '')
  writeFileSync(below(0x0a, 0x20, 0x5c), '')
  symlinkSync('nowhere', below(0xed, 0xa0, 0x80))
  removeTree(tree)
  deepEqual(readdirSync(directory.path), [])
})

test('a tree ten thousand directories deep, with branches where no path reaches, is removed', () => {
  using directory = temporaryDirectory()
  const program = `
    const { chmodSync, mkdirSync, writeFileSync } = require('node:fs')
    mkdirSync('tree')
    process.chdir('tree')
    for (let n = 1; n < 10_000; n++) {
      if (n % 1000 === 0) {
        writeFileSync('file', '')
        mkdirSync('branch')
        mkdirSync('x'.repeat(255))
        chmodSync('branch', 0)
      }
      mkdirSync('d')
      process.chdir('d')
    }
  `
  execFileSync(process.execPath, ['-e', program], { cwd: directory.path })
  removeTree(join(directory.path, 'tree'))
  deepEqual(readdirSync(directory.path), [])
})

test('a part of a deep tree that an earlier attempt moved is not in the way', () => {
  using directory = temporaryDirectory()
  const tree = join(directory.path, 'tree')
  const chain = Array.from({ length: 13 }, () => 'x'.repeat(250)).join('/')
  mkdirSync(join(tree, chain), { recursive: true })
  for (let n = 0; n < 3; n++) mkdirSync(join(`${tree}.deep-${process.pid}-${n}`, 'full'), { recursive: true })
  removeTree(tree)
  equal(existsSync(tree), false)
})

test.run()
