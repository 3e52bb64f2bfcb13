import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { Digest, emptyDigest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Directory, DirectoryNode, FileNode, SymlinkNode, Tree } from '../proto/messages.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { materialize } from './materialize.js'
import type { Output } from './run-result.js'

const cas = new MemoryStore()
let space = temporaryDirectory()
test.before.each(() => {
  space[Symbol.dispose]()
  space = temporaryDirectory()
})
test.after(() => space[Symbol.dispose]())

const target = () => join(space.path, 'target')
const outside = () => join(space.path, 'outside')
const at = (path: string) => join(target(), path)

async function blob(bytes: string | Uint8Array): Promise<Digest> {
  const buffer = Buffer.from(bytes as string)
  const digest = Digest.ofBytes(SHA256, buffer)
  await cas.write(digest, buffer)
  return digest
}

const file = async (path: string, text: string, executable = false): Promise<Output> => ({
  kind: 'file',
  path,
  digest: await blob(text),
  executable,
})
const symlink = (path: string, to: string): Output => ({ kind: 'symlink', path, target: to })
const tree = async (path: string, root: Directory, children: Directory[] = []): Promise<Output> => ({
  kind: 'directory',
  path,
  tree: await blob(new Tree().setRoot(root).setChildrenList(children).serializeBinary()),
})
const fileNode = async (name: string, text: string, executable = false) =>
  new FileNode()
    .setName(name)
    .setDigest(toDigestMessage(await blob(text)))
    .setIsExecutable(executable)
const childNode = (name: string, child: Directory) =>
  new DirectoryNode().setName(name).setDigest(toDigestMessage(Digest.ofBytes(SHA256, child.serializeBinary())))
const linkNode = (name: string, to: string) => new SymlinkNode().setName(name).setTarget(to)

async function refused(outputs: Output[]): Promise<void> {
  try {
    await materialize(outputs, target(), cas)
  } catch (error) {
    assert.instance(error, GoregoError, String(error))
    assert.is((error as GoregoError).code, 'failed-precondition')
    return
  }
  assert.unreachable(`accepted: ${JSON.stringify(outputs)}`)
}

test('files, links and whole directories, with their modes', async () => {
  const deep = new Directory().setFilesList([await fileNode('f', 'deep', true)])
  const empty = new Directory()
  const root = new Directory()
    .setFilesList([await fileNode('a', 'top')])
    .setDirectoriesList([childNode('d', deep), childNode('e', empty)])
    .setSymlinksList([linkNode('l', 'd/f')])
  await materialize(
    [
      await file('x/plain', 'plain'),
      await file('x/tool', 'tool', true),
      { kind: 'file', path: 'nothing', digest: emptyDigest(SHA256), executable: false },
      symlink('dangling', '/no/such'),
      await tree('tree', root, [deep, empty]),
    ],
    target(),
    cas,
  )
  assert.is(readFileSync(at('x/plain'), 'utf8'), 'plain')
  assert.is(lstatSync(at('x/plain')).mode & 0o111, 0)
  assert.is(lstatSync(at('x/tool')).mode & 0o100, 0o100)
  assert.is(lstatSync(at('nothing')).size, 0)
  assert.is(readlinkSync(at('dangling')), '/no/such')
  assert.is(readFileSync(at('tree/l'), 'utf8'), 'deep')
  assert.is(lstatSync(at('tree/d/f')).mode & 0o100, 0o100)
  assert.ok(lstatSync(at('tree/e')).isDirectory())
})

test('many files of the same content in one directory', async () => {
  const names = Array.from({ length: 20 }, (_, n) => `f${n}`)
  await materialize(await Promise.all(names.map((name) => file(name, 'the same'))), target(), cas)
  for (const name of names) assert.is(readFileSync(at(name), 'utf8'), 'the same')
})

test('what was there is replaced, by kind, and what is beside it stays', async () => {
  mkdirSync(at('was-dir/below'), { recursive: true })
  mkdirSync(at('tree/stale'), { recursive: true })
  mkdirSync(at('was-dir-2'), { recursive: true })
  writeFileSync(at('was-file'), 'old')
  writeFileSync(at('beside'), 'beside')
  symlinkSync('beside', at('was-link'))
  await materialize(
    [
      await file('was-dir', 'now a file'),
      symlink('was-file', 'now a link'),
      symlink('was-dir-2', 'now a link'),
      await file('was-link', 'now a file'),
      await tree('tree', new Directory()),
    ],
    target(),
    cas,
  )
  assert.is(readFileSync(at('was-dir'), 'utf8'), 'now a file')
  assert.is(readlinkSync(at('was-file')), 'now a link')
  assert.is(readlinkSync(at('was-dir-2')), 'now a link')
  assert.is(readFileSync(at('was-link'), 'utf8'), 'now a file')
  assert.is(readFileSync(at('beside'), 'utf8'), 'beside')
  assert.not(existsSync(at('tree/stale')))
})

test('the whole working directory as an output leaves alone what the target has beside it', async () => {
  mkdirSync(at('kept/below'), { recursive: true })
  writeFileSync(at('precious'), 'mine')
  const child = new Directory().setFilesList([await fileNode('new', 'new')])
  const root = new Directory().setDirectoriesList([childNode('kept', child)])
  for (const path of ['', '.']) {
    await materialize([await tree(path, root, [child])], target(), cas)
    assert.is(readFileSync(at('precious'), 'utf8'), 'mine')
    assert.is(readFileSync(at('kept/new'), 'utf8'), 'new')
    assert.ok(existsSync(at('kept/below')))
  }
})

test('paths that lead out are refused', async () => {
  mkdirSync(outside())
  for (const path of ['../outside/x', '/etc/gorego-test', 'a/../../outside/x', '..', 'a\0b']) {
    await refused([await file(path, 'x')])
    await refused([symlink(path, 'x')])
    await refused([await tree(path, new Directory())])
  }
  for (const path of ['', '.', 'a/..']) {
    await refused([await file(path, 'x')])
    await refused([symlink(path, 'x')])
  }
  assert.not(existsSync(join(outside(), 'x')))
})

test('nothing is written through a link that a result brings along', async () => {
  mkdirSync(outside())
  const through = [symlink('a', outside()), await file('a/x', 'x'), await tree('a/t', new Directory())]
  for (const outputs of [through, [...through].reverse()]) {
    await materialize(outputs, target(), cas)
    rmSync(target(), { recursive: true })
  }
  const links = [symlink('b', outside()), symlink('b/x', 'y')]
  await refused(links)
  rmSync(target(), { recursive: true })
  await materialize([...links].reverse(), target(), cas)
  for (const name of ['x', 't', 'y']) assert.not(existsSync(join(outside(), name)))
})

test('nothing is written through a link that an earlier result has left', async () => {
  mkdirSync(outside())
  await materialize([symlink('a', '../outside'), symlink('b', 'nowhere')], target(), cas)
  await refused([await file('a/x', 'x')])
  await refused([symlink('a/x', 'y')])
  await refused([await tree('a/x', new Directory())])
  await refused([await file('b/x', 'x')])
  assert.not(existsSync(join(outside(), 'x')))
})

test('a link inside the target may be passed through', async () => {
  mkdirSync(at('real'), { recursive: true })
  symlinkSync('real', at('link'))
  await materialize([await file('link/x', 'x')], target(), cas)
  assert.is(readFileSync(at('real/x'), 'utf8'), 'x')
})

test('the target itself may be behind a link', async () => {
  mkdirSync(join(space.path, 'real'))
  symlinkSync('real', target())
  await materialize([await file('a/x', 'x')], target(), cas)
  assert.is(readFileSync(join(space.path, 'real/a/x'), 'utf8'), 'x')
})

test('names in a Tree are names', async () => {
  mkdirSync(outside())
  for (const name of ['..', '../x', 'a/b', '', '.', '/etc', 'a\0b']) {
    await refused([await tree('t', new Directory().setFilesList([await fileNode(name, 'x')]))])
    await refused([await tree('t', new Directory().setSymlinksList([linkNode(name, 'x')]))])
    const child = new Directory()
    await refused([await tree('t', new Directory().setDirectoriesList([childNode(name, child)]), [child])])
  }
})

test('a Tree in which a link and a directory have one name is refused', async () => {
  mkdirSync(outside())
  const child = new Directory().setFilesList([await fileNode('x', 'x')])
  const root = new Directory().setSymlinksList([linkNode('d', outside())]).setDirectoriesList([childNode('d', child)])
  await refused([await tree('t', root, [child])])
  assert.not(existsSync(join(outside(), 'x')))
})

test('CM-11 a directory that is known only by its root Directory', async () => {
  const deep = new Directory().setFilesList([await fileNode('f', 'deep', true)])
  const root = new Directory()
    .setFilesList([await fileNode('a', 'top')])
    .setDirectoriesList([childNode('d', deep), childNode('e', deep)])
    .setSymlinksList([linkNode('l', 'd/f')])
  await blob(deep.serializeBinary())
  const rootDirectory = await blob(root.serializeBinary())
  await materialize([{ kind: 'directory', path: 'tree', rootDirectory }], target(), cas)
  assert.is(readFileSync(at('tree/l'), 'utf8'), 'deep')
  assert.is(readFileSync(at('tree/e/f'), 'utf8'), 'deep')
  assert.is(readFileSync(at('tree/a'), 'utf8'), 'top')
})

test('a directory that nothing is known of, or that stands for too much, is an error', async () => {
  await refused([{ kind: 'directory', path: 't' }])
  let level = new Directory()
  for (let n = 0; n < 24; n++) {
    await blob(level.serializeBinary())
    level = new Directory().setDirectoriesList(['a', 'b', 'c', 'd'].map((name) => childNode(name, level)))
  }
  const rootDirectory = await blob(level.serializeBinary())
  await refused([{ kind: 'directory', path: 't', rootDirectory }])
})

test('a Tree that lacks a directory, or is none, is an error', async () => {
  await refused([await tree('t', new Directory().setDirectoriesList([childNode('d', new Directory())]))])
  await refused([{ kind: 'directory', path: 't', tree: emptyDigest(SHA256) }])
})

test('a file that is in the way of a directory is named', async () => {
  mkdirSync(target())
  writeFileSync(at('a'), '')
  await refused([await file('a/x', 'x')])
})

test.run()
