import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { BLAKE3, Digest, type DigestFunction, SHA256 } from '../digest/index.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { NamedRuns } from './named-runs.js'
import type { Remembered } from './remembered-runs.js'

const action = (text: string, fn: DigestFunction = SHA256) => Digest.ofBytes(fn, Buffer.from(text))

/** One process's view of a directory that others have, too. */
function open(root: string, own: string, { mostOfShard = 256, fn = SHA256 } = {}): NamedRuns {
  const temporary = join(root, `temporary-${own}`)
  mkdirSync(temporary, { recursive: true })
  return new NamedRuns({ directory: join(root, 'names'), temporary, fn, mostOfShard })
}

const filesIn = (root: string) =>
  readdirSync(join(root, 'names'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))

/** What is remembered, in short: `last; ran after before`. */
function short(remembered: Remembered | undefined, ...texts: string[]): string {
  const nameOf = (digest?: Digest) =>
    texts.find((text) => digest !== undefined && action(text).equals(digest)) ?? 'nothing'
  if (remembered === undefined) return 'unknown'
  return `${nameOf(remembered.last.digest)}; ${nameOf(remembered.ran?.digest)} after ${nameOf(remembered.ran?.after?.digest)}`
}

test('what ran last is remembered with what was asked for before it, whether that ran or not', () => {
  using space = temporaryDirectory()
  const names = open(space.path, 'own')
  let now = 0
  const after = (text: string, cached: boolean) => {
    names.note('compile', { action: action(text), cached, endedAt: now++ })
    return short(names.recall('compile'), 'a', 'b', 'c')
  }
  assert.is(short(names.recall('compile')), 'unknown')
  assert.is(after('a', true), 'a; nothing after nothing')
  assert.is(after('b', false), 'b; b after a')
  assert.is(after('a', true), 'a; b after a')
  assert.is(after('a', true), 'a; b after a')
  assert.is(after('c', false), 'c; c after a')
  assert.is(after('c', false), 'c; c after c')
  assert.is(short(names.recall('link')), 'unknown')
})

test('what changes nothing writes nothing, and the second of two that were merged is no run', () => {
  using space = temporaryDirectory()
  const names = open(space.path, 'own')
  names.note('n', { action: action('a'), cached: false, endedAt: 1 })
  names.note('n', { action: action('b'), cached: false, endedAt: 2 })
  const [file = ''] = filesIn(space.path)
  const before = readFileSync(file)
  names.note('n', { action: action('b'), cached: true, endedAt: 3 })
  names.note('n', { action: action('b'), cached: false, endedAt: 2 })
  assert.ok(readFileSync(file).equals(before))
  assert.is(short(names.recall('n'), 'a', 'b'), 'b; b after a')
})

test('any text is a name, and none is a path', () => {
  using space = temporaryDirectory()
  const names = open(space.path, 'own')
  const all = ['', '../../x', 'a\0b', 'ä'.repeat(10_000), '__proto__']
  for (const name of all) names.note(name, { action: action(name), cached: false, endedAt: 1 })
  for (const name of all) assert.is(short(names.recall(name), ...all).split(';')[0], name)
  assert.ok(filesIn(space.path).every((path) => /\/names\/[0-9a-f]{2}\/[0-9a-f]{64}$/.test(path)))
})

test('several processes note and see what the others noted; nothing is left beside the names', () => {
  using space = temporaryDirectory()
  const [one, other] = [open(space.path, 'one'), open(space.path, 'other')]
  one.note('n', { action: action('a'), cached: false, endedAt: 1 })
  other.note('n', { action: action('b'), cached: false, endedAt: 2 })
  assert.is(short(one.recall('n'), 'a', 'b'), 'b; b after a')
  for (const own of ['one', 'other']) assert.equal(readdirSync(join(space.path, `temporary-${own}`)), [])
})

test('a file that is cut short, garbled or of another function is as good as none, and is written anew', () => {
  using space = temporaryDirectory()
  const names = open(space.path, 'own')
  const note = (text: string) => names.note('n', { action: action(text), cached: false, endedAt: 1 })
  note('a')
  const [file = ''] = filesIn(space.path)
  const whole = readFileSync(file)
  for (let size = 0; size < whole.length; size++) {
    truncateSync(file, size)
    assert.is(names.recall('n'), undefined, `of ${size} bytes`)
    writeFileSync(file, whole)
  }
  const garbled = Buffer.from(whole)
  garbled[40] = (garbled[40] ?? 0) ^ 1
  writeFileSync(file, garbled)
  assert.is(names.recall('n'), undefined)
  note('b')
  assert.is(short(names.recall('n'), 'a', 'b'), 'b; b after nothing')
  assert.is(open(space.path, 'other', { fn: BLAKE3 }).recall('n'), undefined)
})

test('names of a shard that were used longest ago are forgotten', async () => {
  using space = temporaryDirectory()
  const names = open(space.path, 'own', { mostOfShard: 2 })
  const candidates = Array.from({ length: 5000 }, (_, n) => `name ${n}`)
  const inOneShard = candidates.filter((name) => createHash('sha256').update(name).digest('hex').startsWith('00'))
  const [first = '', second = '', third = '', elsewhere = ''] = [...inOneShard.slice(0, 3), 'name 0']
  assert.not.ok(inOneShard.includes(elsewhere))
  for (const name of [first, second, elsewhere]) names.note(name, { action: action(name), cached: false, endedAt: 1 })
  await names.close()
  for (const path of filesIn(space.path)) utimesSync(path, 1, 1)
  assert.ok(names.recall(first), 'asking is a use')
  names.note(third, { action: action(third), cached: false, endedAt: 1 })
  await names.close()
  const known = [first, second, third, elsewhere].map((name) => names.recall(name) !== undefined)
  assert.equal(known, [true, false, true, true])
})

test.run()
