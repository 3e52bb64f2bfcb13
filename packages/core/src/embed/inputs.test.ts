import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { Digest, SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { fromDigestMessage } from '../proto/digests.js'
import { Action, Command, Directory, type DirectoryNode } from '../proto/messages.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { content, directory, file, type Inputs, stored, symlink } from './inputs.js'
import { type ActionSpec, prepareAction } from './prepare-action.js'

const cas = new MemoryStore()
const here = temporaryDirectory()
const path = (name: string) => join(here.path, name)
test.after(() => here[Symbol.dispose]())

async function prepared(spec: Partial<ActionSpec>): Promise<{ digest: Digest; action: Action; command: Command }> {
  const digest = await prepareAction({ argv: ['/bin/true'], ...spec }, { cas, fn: SHA256 })
  const action = Action.deserializeBinary(await cas.get(digest))
  const command = await cas.get(fromDigestMessage(SHA256, action.getCommandDigest(), 'command'))
  return { digest, action, command: Command.deserializeBinary(command) }
}

/** What the tree of an action's inputs holds, one line an entry. */
async function treeOf(inputs: Inputs): Promise<string[]> {
  const { action } = await prepared({ inputs })
  const walk = async (node: Pick<DirectoryNode, 'getDigest'>, prefix: string): Promise<string[]> => {
    const bytes = await cas.get(fromDigestMessage(SHA256, node.getDigest(), prefix))
    const message = Directory.deserializeBinary(bytes)
    const files = message.getFilesList().map(async (each) => {
      const text = await cas.get(fromDigestMessage(SHA256, each.getDigest(), each.getName()))
      return `${prefix}${each.getName()}${each.getIsExecutable() ? '*' : ''} = ${Buffer.from(text)}`
    })
    const links = message.getSymlinksList().map((each) => `${prefix}${each.getName()} -> ${each.getTarget()}`)
    const children = message.getDirectoriesList().map(async (each) => {
      const below = await walk(each, `${prefix}${each.getName()}/`)
      return below.length === 0 ? [`${prefix}${each.getName()}/`] : below
    })
    return [...(await Promise.all(files)), ...links, ...(await Promise.all(children)).flat()]
  }
  return (await walk({ getDigest: () => action.getInputRootDigest() }, '')).sort()
}

async function refused(inputs: Inputs, what: RegExp): Promise<void> {
  try {
    await treeOf(inputs)
  } catch (error) {
    assert.instance(error, GoregoError, String(error))
    assert.is((error as GoregoError).code, 'invalid-argument')
    assert.match((error as GoregoError).message, what)
    return
  }
  assert.unreachable(`accepted: ${Object.keys(inputs)}`)
}

test('every kind of input gets into the tree', async () => {
  writeFileSync(path('plain'), 'plain')
  writeFileSync(path('tool'), 'tool', { mode: 0o755 })
  const blob = Buffer.from('kept')
  const digest = Digest.ofBytes(SHA256, blob)
  await cas.write(digest, blob)
  assert.equal(
    await treeOf({
      'a/plain': file(path('plain')),
      'a/tool': file(path('tool')),
      forced: file(path('plain'), { executable: true }),
      unforced: file(path('tool'), { executable: false }),
      'b/text': content('text 📦'),
      'b/bytes': content(Uint8Array.of(0x41, 0x42), { executable: true }),
      link: symlink('../anywhere'),
      'c/d/kept': stored(digest),
      'c/d/run': stored(digest, { executable: true }),
    }),
    [
      'a/plain = plain',
      'a/tool* = tool',
      'b/bytes* = AB',
      'b/text = text 📦',
      'c/d/kept = kept',
      'c/d/run* = kept',
      'forced* = plain',
      'link -> ../anywhere',
      'unforced = tool',
    ],
  )
})

test('a directory comes with everything below it, empty directories and links included, and can be added to', async () => {
  mkdirSync(path('src/deep/empty'), { recursive: true })
  writeFileSync(path('src/one'), '1')
  writeFileSync(path('src/deep/two'), '2', { mode: 0o755 })
  symlinkSync('no/such/target', path('src/deep/link'))
  assert.equal(await treeOf({ s: directory(path('src')), 's/deep/three': content('3') }), [
    's/deep/empty/',
    's/deep/link -> no/such/target',
    's/deep/three = 3',
    's/deep/two* = 2',
    's/one = 1',
  ])
})

test('large files are read in pieces', async () => {
  const large = Buffer.alloc(3_000_000, 'large ')
  writeFileSync(path('large'), large)
  const { action } = await prepared({ inputs: { large: file(path('large')) } })
  const root = await cas.get(fromDigestMessage(SHA256, action.getInputRootDigest(), 'root'))
  const [node] = Directory.deserializeBinary(root).getFilesList()
  const digest = fromDigestMessage(SHA256, node?.getDigest(), 'large')
  assert.is(digest.key, Digest.ofBytes(SHA256, large).key)
  assert.is(Buffer.compare(await cas.get(digest), large), 0)
})

test('the order in which inputs are given does not matter', async () => {
  const inputs = { 'b/x': content('1'), a: content('2'), 'b/a': symlink('x'), '\u{e000}': content('3') }
  const backwards = Object.fromEntries(Object.entries({ ...inputs, '\u{1f4e6}': content('4') }).reverse())
  const forwards = { ...inputs, '\u{1f4e6}': content('4') }
  assert.is((await prepared({ inputs: forwards })).digest.key, (await prepared({ inputs: backwards })).digest.key)
})

test('paths that are no plain relative paths are refused', async () => {
  for (const bad of ['', '/', '/abs', 'a/', 'a//b', '.', './a', '..', 'a/../b', 'a\0']) {
    await refused({ [bad]: content('') }, /must be relative/)
  }
})

test('two inputs in one place are refused', async () => {
  await refused({ a: content('1'), 'a/b': content('2') }, /"a\/b" collides/)
  await refused({ 'a/b': content('1'), a: symlink('x') }, /"a" collides/)
  mkdirSync(path('twice'))
  writeFileSync(path('twice/f'), '')
  await refused({ t: directory(path('twice')), 't/f': content('') }, /"t\/f" collides/)
  await refused({ 't/f': content(''), t: directory(path('twice')) }, /collides/)
  assert.equal(await treeOf({ 't/g': content(''), t: directory(path('twice')) }), ['t/f = ', 't/g = '])
})

test('an input that is not there or cannot be read is named', async () => {
  await refused({ x: file(path('nowhere')) }, /nowhere cannot be read: ENOENT/)
  await refused({ x: file(path('nowhere'), { executable: true }) }, /nowhere cannot be read: ENOENT/)
  await refused({ x: directory(path('nowhere')) }, /nowhere cannot be read: ENOENT/)
  await refused({ x: directory(path('plain')) }, /plain cannot be read: ENOTDIR/)
  await refused({ x: file(here.path) }, /is not a file; use directory\(\)/)
  await refused({ x: file(here.path, { executable: false }) }, /is not a file; use directory\(\)/)
  if (process.getuid?.() === 0) return
  writeFileSync(path('secret'), '')
  chmodSync(path('secret'), 0)
  await refused({ x: file(path('secret')) }, /secret cannot be read: EACCES/)
})

test('a FIFO is no input', async () => {
  mkdirSync(path('special'))
  execFileSync('mkfifo', [path('special/fifo')])
  await refused({ x: directory(path('special')) }, /fifo is neither/)
  await refused({ x: file(path('special/fifo')) }, /is not a file/)
})

test('the Command is written in canonical form', async () => {
  const { command } = await prepared({
    argv: ['tool', '', 'größer'],
    env: { Z: '1', a: '2', '\u{1f4e6}': '3', '\u{e000}': '4' },
    outputs: ['z', 'a', 'z'],
    workingDirectory: 'w',
  })
  assert.equal(command.getArgumentsList(), ['tool', '', 'größer'])
  const names = command.getEnvironmentVariablesList().map((variable) => variable.getName())
  assert.equal(names, ['Z', 'a', '\u{e000}', '\u{1f4e6}'])
  assert.equal(command.getOutputPathsList(), ['a', 'z'])
  assert.is(command.getWorkingDirectory(), 'w')
})

test('the Action says what was asked; the salt makes it another one', async () => {
  const { action, digest } = await prepared({ timeoutMs: 1500, doNotCache: true, platform: { b: '2', a: '1' } })
  assert.equal([action.getTimeout()?.getSeconds(), action.getTimeout()?.getNanos()], [1, 500_000_000])
  assert.ok(action.getDoNotCache())
  const properties = action.getPlatform()?.getPropertiesList() ?? []
  assert.equal(
    properties.map((property) => `${property.getName()}=${property.getValue()}`),
    ['a=1', 'b=2'],
  )
  const spec = { timeoutMs: 1500, doNotCache: true, platform: { a: '1', b: '2' } }
  assert.is((await prepared(spec)).digest.key, digest.key)
  assert.is.not((await prepared({ ...spec, salt: 's' })).digest.key, digest.key)
})

test('what makes no sense is refused', async () => {
  for (const spec of [{ argv: [] }, { timeoutMs: 0 }, { timeoutMs: -1 }, { timeoutMs: Number.NaN }]) {
    try {
      await prepared(spec)
      assert.unreachable()
    } catch (error) {
      assert.is((error as GoregoError).code, 'invalid-argument')
    }
  }
})

test.run()
