import { equal, notEqual, ok } from 'node:assert/strict'
import { chmodSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { SlotSandbox } from './slot-sandbox.js'

interface Rig extends Disposable {
  readonly sandbox: SlotSandbox
  readonly root: string
  readonly temporary: string
  readonly shown: string
  /** In milliseconds. */
  now: number
  key(): string
}

function open(kept = true): Rig {
  const directory = temporaryDirectory()
  const [root, temporary, shown] = ['root', 'tmp', 'shown'].map((name) => join(directory.path, name)) as [
    string,
    string,
    string,
  ]
  for (const path of [root, shown]) mkdirSync(path)
  const host = { shown: [shown], links: [], hidden: [] }
  const setup = { program: '/usr/bin/bwrap', init: '/init', host, kept }
  const rig: Rig = {
    sandbox: new SlotSandbox(setup, temporary, undefined, () => rig.now),
    root,
    temporary,
    shown,
    now: 0,
    key: () => rig.sandbox.enter(root, false).key,
    [Symbol.dispose]: () => directory[Symbol.dispose](),
  }
  return rig
}

/** The path has another directory now. */
function replace(path: string): void {
  renameSync(path, `${path}.was`)
  mkdirSync(path)
}

test('the same directories are the same sandbox, whatever was left in them', () => {
  using rig = open()
  const key = rig.key()
  ok(key !== '')
  mkdirSync(join(rig.temporary, 'd'))
  writeFileSync(join(rig.temporary, 'd', 'f'), '')
  chmodSync(rig.temporary, 0o500)
  equal(rig.key(), key)
  equal(readdirSync(rig.temporary).length, 0)
  equal(statSync(rig.temporary).mode & 0o7777, 0o1777)
  writeFileSync(join(rig.temporary, 'f'), '')
  rig.sandbox.restore()
  equal(readdirSync(rig.temporary).length, 0)
  equal(rig.key(), key)
})

test('another directory at one of the paths is another sandbox', () => {
  using rig = open()
  const first = rig.key()
  replace(rig.root)
  const second = rig.key()
  notEqual(second, first)
  rig.sandbox.restore()
  replace(rig.temporary)
  const third = rig.key()
  notEqual(third, second)
  replace(rig.shown)
  // The machine is looked at once a second.
  equal(rig.key(), third)
  rig.now += 1_000
  notEqual(rig.key(), third)
})

test('a /tmp that is gone, or is something else, is made again', () => {
  using rig = open()
  rig.key()
  rig.sandbox.restore()
  renameSync(rig.temporary, `${rig.temporary}.was`)
  rig.key()
  ok(statSync(rig.temporary).isDirectory())
  renameSync(rig.temporary, `${rig.temporary}.was2`)
  writeFileSync(rig.temporary, '')
  rig.sandbox.restore()
  ok(statSync(rig.temporary).isDirectory())
})

test('where none can be kept, each action has one of its own', () => {
  using rig = open(false)
  equal(rig.key(), '')
  ok(!rig.sandbox.enter(rig.root, false).inside.includes('fresh'))
})

test.run()
