import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { emptyDigest, SHA256 } from '../digest/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Directory, FileNode, NodeProperties, NodeProperty, SymlinkNode } from '../proto/messages.js'
import type { ActionMessages } from '../testing/action-builder.js'
import { type Ran, WorkerRig } from '../testing/worker-rig.js'

let lenient: WorkerRig
let strict: WorkerRig
test.before(async () => {
  lenient = await WorkerRig.open()
  strict = await WorkerRig.open({ policy: { strict: true, absoluteSymlinks: 'disallowed' } })
})
test.after(async () => {
  assert.equal([await lenient.close(), await strict.close()], [[], []])
})

function failsWith({ outcome }: Ran, code: string, what: RegExp): void {
  assert.is(outcome.failure?.code, code, outcome.failure?.message)
  assert.match(outcome.failure?.message ?? '', what)
}

test('DR-07 CP-05 an input link with an absolute target is refused where that is disallowed, at any depth', async () => {
  for (const inputs of [
    { l: { symlink: '/etc/passwd' } },
    { a: { directory: { b: { directory: { l: { symlink: '/' } } } } } },
  ]) {
    failsWith(await strict.sh('exit 0', { inputs }), 'invalid-argument', /"l" .*absolute.*execution\.absolute_symlinks/)
    assert.is((await lenient.sh('exit 0', { inputs })).outcome.failure, undefined)
  }
})

test('DR-07 an output link with an absolute target fails the action where that is disallowed, DR-08 others do not', async () => {
  for (const [script, messages] of [
    ['ln -s /etc/passwd l', { outputPaths: ['l'] }],
    ['ln -s /etc/passwd l', { outputFiles: ['l'] }],
    ['ln -s / l', { outputDirectories: ['l'] }],
    ['mkdir d; ln -s /nowhere d/l', { outputPaths: ['d'] }],
  ] as const) {
    failsWith(await strict.sh(script, messages), 'failed-precondition', /absolute target.*execution\.absolute_symlinks/)
    assert.is((await lenient.sh(script, messages)).outcome.failure, undefined, script)
  }
  const inside = { inputs: { up: { symlink: '../../..' } }, outputPaths: ['l', 'up'] }
  assert.is((await strict.sh('ln -s ../../etc/passwd l', inside)).outcome.failure, undefined)
})

test('CM-08 a strict server wants the working directory among the inputs', async () => {
  const there = { inputs: { w: { directory: { deep: { directory: {} } } } } }
  for (const workingDirectory of ['w', 'w/deep', 'w/../w', '']) {
    assert.is((await strict.sh('exit 0', { ...there, workingDirectory })).outcome.failure, undefined, workingDirectory)
  }
  for (const workingDirectory of ['v', 'w/other', 'w/deep/er']) {
    const ran = await strict.sh('exit 0', { ...there, workingDirectory })
    failsWith(ran, 'invalid-argument', /not among the inputs.*execution\.strict/)
    assert.is((await lenient.sh('exit 0', { ...there, workingDirectory })).outcome.failure, undefined)
  }
  const file = { inputs: { f: '' }, workingDirectory: 'f' }
  for (const rig of [strict, lenient]) failsWith(await rig.sh('exit 0', file), 'invalid-argument', /no directory/)
})

const empty = toDigestMessage(emptyDigest(SHA256))
const file = (name: string) => new FileNode().setName(name).setDigest(empty)
const named = (...names: string[]) =>
  new NodeProperties().setPropertiesList(names.map((name) => new NodeProperty().setName(name)))

const OUT_OF_ORDER: Record<string, ActionMessages> = {
  'DR-03 files': { inputs: new Directory().setFilesList([file('b'), file('a')]) },
  'DR-03 files, by UTF-8 and not UTF-16': {
    inputs: new Directory().setFilesList([file('\u{1f4e6}'), file('\u{e000}')]),
  },
  'DR-03 links': {
    inputs: new Directory().setSymlinksList(['b', 'a'].map((name) => new SymlinkNode().setName(name).setTarget('x'))),
  },
  'DR-04 node properties': { inputs: new Directory().setNodeProperties(named('b', 'a')) },
  'DR-04 node properties of a file': {
    inputs: new Directory().setFilesList([file('a').setNodeProperties(named('z', 'y'))]),
  },
  'CM-04 variables': {
    env: [
      ['B', ''],
      ['A', ''],
    ],
  },
  'CM-04 a variable that is set twice': {
    env: [
      ['A', '1'],
      ['A', '2'],
    ],
  },
  'output paths': { outputPaths: ['b', 'a'] },
  'output files': { outputFiles: ['b', 'a'] },
  'output directories': { outputDirectories: ['b', 'b'] },
  'PL-05 platform properties': {
    platform: [
      ['b', ''],
      ['a', ''],
    ],
  },
  'PL-05 values of a platform property': {
    platform: [
      ['a', '2'],
      ['a', '1'],
    ],
  },
}

for (const [what, messages] of Object.entries(OUT_OF_ORDER)) {
  test(`${what} out of order: refused by a strict server, taken by others`, async () => {
    failsWith(await strict.sh('exit 0', messages), 'invalid-argument', /not sorted.*execution\.strict/)
    assert.is((await lenient.sh('exit 0', messages)).outcome.failure, undefined)
  })
}

test('DR-03 DR-05 what is in order a strict server takes', async () => {
  const { outcome } = await strict.sh('echo x > B; mkdir a', {
    inputs: {
      Foo: '',
      foo: '',
      größer: { directory: { x: '' } },
      '\u{e000}': '',
      '\u{1f4e6}': '',
      l: { symlink: 'foo' },
    },
    env: [
      ['A', 'z'],
      ['B', 'a'],
    ],
    outputPaths: ['B', 'a'],
    platform: [
      ['ISA', 'a'],
      ['ISA', 'b'],
      ['OSFamily', 'linux'],
    ],
  })
  assert.is(outcome.failure, undefined, outcome.failure?.message)
})

test.run()
