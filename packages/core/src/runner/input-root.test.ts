import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Action, Directory, DirectoryNode, FileNode, NodeProperties, SymlinkNode } from '../proto/messages.js'
import { buildAction, type TreeSpec } from '../testing/action-builder.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open()
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

const digestOf = (text: string) => Digest.ofBytes(SHA256, Buffer.from(text))
const empty = toDigestMessage(digestOf(''))
const file = (name: string) => new FileNode().setName(name).setDigest(empty)
const symlink = (name: string, target: string) => new SymlinkNode().setName(name).setTarget(target)
const child = (name: string, digest = toDigestMessage(Digest.ofBytes(SHA256, new Directory().serializeBinary()))) =>
  new DirectoryNode().setName(name).setDigest(digest)

async function refused(inputs: Directory, what: RegExp): Promise<void> {
  const { outcome } = await rig.sh('exit 0', { inputs })
  assert.is(outcome.failure?.code, 'invalid-argument', outcome.failure?.message)
  assert.match(outcome.failure?.message ?? '', what)
}

test('CM-12 the input tree is laid out as the client described it', async () => {
  const inputs: TreeSpec = {
    'plain.txt': 'text',
    'tool.sh': { content: 'echo tool', executable: true },
    'no bytes': '',
    'no bytes.sh': { content: '', executable: true },
    'größer 📦': { directory: { deep: { directory: { 'file.txt': 'deep' } } } },
    nothing: { directory: {} },
    up: { symlink: '../anywhere/../at all' },
    dangling: { symlink: 'no/such/file' },
    absolute: { symlink: '/etc/passwd' },
  }
  const { stdout } = await rig.run({
    argv: ['/usr/bin/find', '.', '-mindepth', '1', '-printf', '%P|%y|%m|%s|%l|%TY\\n'],
    inputs,
  })
  const lines = stdout.trimEnd().split('\n')
  const thisYear = new Date().getFullYear()
  assert.equal(
    lines.sort(),
    [
      'plain.txt|f|444|4||2000',
      'tool.sh|f|555|9||2000',
      'no bytes|f|444|0||2000',
      'no bytes.sh|f|555|0||2000',
      `größer 📦|d|755|4096||${thisYear}`,
      `größer 📦/deep|d|755|4096||${thisYear}`,
      'größer 📦/deep/file.txt|f|444|4||2000',
      `nothing|d|755|4096||${thisYear}`,
      `up|l|777|21|../anywhere/../at all|${thisYear}`,
      `dangling|l|777|12|no/such/file|${thisYear}`,
      `absolute|l|777|11|/etc/passwd|${thisYear}`,
    ].sort(),
  )
})

test('DR-10 one content can be executable in one place and not in another', async () => {
  const script = '#!/bin/sh\necho ran\n'
  const { stdout } = await rig.sh('./a; ./b 2>/dev/null || echo refused; test -x b || echo not', {
    inputs: { a: { content: script, executable: true }, b: script },
  })
  assert.is(stdout, 'ran\nrefused\nnot\n')
})

test('the command may add to every directory of its inputs, and take away', async () => {
  const { result } = await rig.sh('rm d/f && echo new > d/f && mv d/f e/g && rmdir d', {
    inputs: { d: { directory: { f: 'old' } }, e: { directory: {} } },
    outputPaths: ['e/g'],
  })
  assert.is(result.getExitCode(), 0)
  assert.is(await rig.text(result.getOutputFilesList()[0]?.getDigest()), 'new\n')
})

test('DR-01 names that are no plain names are refused', async () => {
  for (const name of ['', '.', '..', 'a/b', '/', '/etc', '../x', 'a\0b', 'x/']) {
    await refused(new Directory().setFilesList([file(name)]), /cannot be the name/)
    await refused(new Directory().setDirectoriesList([child(name)]), /cannot be the name/)
    await refused(new Directory().setSymlinksList([symlink(name, 'x')]), /cannot be the name/)
  }
  const below = new Directory().setFilesList([file('..')]).serializeBinary()
  await rig.store.write(Digest.ofBytes(SHA256, below), below)
  const digest = toDigestMessage(Digest.ofBytes(SHA256, below))
  await refused(new Directory().setDirectoriesList([child('d', digest)]), /cannot be the name/)
})

test('DR-02 no name comes twice, not even as different kinds', async () => {
  await refused(new Directory().setFilesList([file('x'), file('x')]), /two entries called "x"/)
  await refused(new Directory().setFilesList([file('x')]).setDirectoriesList([child('x')]), /two entries/)
  await refused(new Directory().setFilesList([file('x')]).setSymlinksList([symlink('x', 'y')]), /two entries/)
  await refused(new Directory().setDirectoriesList([child('x')]).setSymlinksList([symlink('x', '/tmp')]), /two entries/)
})

test('DR-05 names that differ in case are two names; order and node properties do not matter', async () => {
  const inputs = new Directory().setFilesList([file('foo'), file('Foo')]).setNodeProperties(new NodeProperties())
  assert.is((await rig.sh('LC_ALL=C ls', { inputs })).stdout, 'Foo\nfoo\n')
})

test('GEN-01 malformed digests and targets are refused', async () => {
  await refused(new Directory().setFilesList([new FileNode().setName('x')]), /missing/)
  await refused(new Directory().setFilesList([file('x').setDigest(empty.clone().setHash('ABC'))]), /hash/)
  await refused(new Directory().setFilesList([file('x').setDigest(empty.clone().setSizeBytes(-1))]), /size/)
  await refused(new Directory().setDirectoriesList([new DirectoryNode().setName('x')]), /missing/)
  await refused(new Directory().setSymlinksList([symlink('x', '')]), /target/)
  await refused(new Directory().setSymlinksList([symlink('x', 'a\0b')]), /target/)
})

test('EX-08 blobs that are not the messages that they should be are refused', async () => {
  const bad = Buffer.from('no message')
  const digest = Digest.ofBytes(SHA256, bad)
  await rig.store.write(digest, bad)
  await refused(new Directory().setDirectoriesList([child('x', toDigestMessage(digest))]), /input directory/)
  const good = buildAction({ argv: ['/bin/true'] })
  await good.upload(rig.store)
  for (const action of [
    new Action().setCommandDigest(toDigestMessage(digest)).setInputRootDigest(toDigestMessage(good.inputRootDigest)),
    new Action().setInputRootDigest(toDigestMessage(good.inputRootDigest)),
    new Action().setCommandDigest(toDigestMessage(good.commandDigest)),
  ]) {
    const bytes = action.serializeBinary()
    await rig.store.write(Digest.ofBytes(SHA256, bytes), bytes)
    const run = { instance: '', doNotCache: false, timeoutMs: 1000, queuedAt: 0 }
    const signal = new AbortController().signal
    for (const bad of [Digest.ofBytes(SHA256, bytes), digest]) {
      const outcome = await rig.worker.execute({ ...run, action: bad }, signal)
      assert.is(outcome.failure?.code, 'invalid-argument', outcome.failure?.message)
    }
  }
})

test('a tree of identical subtrees that stands for too many files is refused, quickly', async () => {
  let digest = toDigestMessage(Digest.ofBytes(SHA256, new Directory().serializeBinary()))
  for (let level = 0; level < 3; level++) {
    const names = Array.from({ length: 1200 }, (_, n) => child(String(n).padStart(4, '0'), digest))
    const bytes = new Directory().setDirectoriesList(names).serializeBinary()
    await rig.store.write(Digest.ofBytes(SHA256, bytes), bytes)
    digest = toDigestMessage(Digest.ofBytes(SHA256, bytes))
  }
  await refused(new Directory().setDirectoriesList([child('bomb', digest)]), /more than 1000000 entries/)
})

test('EX-06 everything that is missing is named at once', async () => {
  const action = buildAction({
    argv: ['/bin/true', 'a Command of its own'],
    inputs: {
      a: 'first',
      b: { directory: { c: { content: 'second', executable: true }, again: 'first' } },
      d: 'third',
    },
  })
  const missing = [digestOf('first'), digestOf('second'), action.commandDigest]
  await action.upload(rig.store, { except: missing })
  const { outcome } = await rig.execute(action)
  assert.is(outcome.failure?.code, 'failed-precondition')
  const subjects = outcome.failure?.details.flatMap((detail) =>
    detail.kind === 'missing-blobs' ? detail.subjects : [],
  )
  assert.equal([...(subjects ?? [])].sort(), missing.map((digest) => `blobs/${digest}`).sort())
  await action.upload(rig.store)
  assert.is((await rig.execute(action)).outcome.failure, undefined)
})

test('EX-07 a missing Action, Command or root Directory is named like any input', async () => {
  for (const part of ['digest', 'commandDigest', 'inputRootDigest'] as const) {
    const action = buildAction({ argv: ['/bin/true'], inputs: { part }, salt: part, env: [['PART', part]] })
    await action.upload(rig.store, { except: [action[part]] })
    const { outcome } = await rig.execute(action)
    assert.equal(outcome.failure?.details, [{ kind: 'missing-blobs', subjects: [`blobs/${action[part]}`] }], part)
  }
})

test('EX-06 what turned out to be missing is not said to be there: the client uploads it again', async () => {
  const action = buildAction({ argv: ['/bin/cat', 'in'], inputs: { in: 'lost on the disk' } })
  const lost = digestOf('lost on the disk')
  await action.upload(rig.store)
  // Another process that shares the directory made room.
  rmSync(rig.store.layout.blob(lost))
  assert.is((await rig.execute(action)).outcome.failure?.code, 'failed-precondition')
  assert.equal(await rig.store.findMissing([lost]), [lost])
  await action.upload(rig.store)
  assert.is((await rig.execute(action)).stdout, 'lost on the disk')
})

test('a stored file that was cut short counts as missing', async () => {
  const action = buildAction({ argv: ['/bin/cat', 'in'], inputs: { in: 'cut short by a power cut' } })
  const cut = digestOf('cut short by a power cut')
  await action.upload(rig.store)
  chmodSync(rig.store.layout.blob(cut), 0o644)
  writeFileSync(rig.store.layout.blob(cut), 'cut')
  const { outcome } = await rig.execute(action)
  assert.equal(outcome.failure?.details, [{ kind: 'missing-blobs', subjects: [`blobs/${cut}`] }])
  assert.equal(await rig.store.findMissing([cut]), [cut])
  await action.upload(rig.store)
  assert.is((await rig.execute(action)).stdout, 'cut short by a power cut')
})

test.run()
