import { statSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import { encodeDirectory } from '../proto/canonical.js'
import {
  Directory,
  NodeProperties,
  type NodeProperties as NodePropertiesMessage,
  NodeProperty,
  Timestamp,
  Tree,
  UInt32Value,
} from '../proto/messages.js'
import type { TreeSpec } from '../testing/action-builder.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open()
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

function properties(mtime?: readonly [seconds: number, nanos: number], mode?: number): NodePropertiesMessage {
  const message = new NodeProperties()
  if (mtime !== undefined) message.setMtime(new Timestamp().setSeconds(mtime[0]).setNanos(mtime[1]))
  if (mode !== undefined) message.setUnixMode(new UInt32Value().setValue(mode))
  return message
}

/** "<mode> <mtime as seconds>", as the message has them. */
function shown(message: NodePropertiesMessage | undefined): string {
  const [mtime, mode] = [message?.getMtime(), message?.getUnixMode()]
  const time = mtime === undefined ? '-' : `${mtime.getSeconds()}.${String(mtime.getNanos()).padStart(9, '0')}`
  return `${mode === undefined ? '-' : mode.getValue().toString(8)} ${time}`
}

const FIND = ['/usr/bin/find', '.', '-printf', '%P|%m|%T@\\n']

async function seen(inputs: TreeSpec, more = {}): Promise<string[]> {
  const { stdout, outcome } = await rig.run({ argv: FIND, inputs, ...more })
  assert.is(outcome.failure, undefined, outcome.failure?.message)
  return stdout.trimEnd().split('\n').sort()
}

test('CM-12 inputs have the modes and times of their node properties: files, links, directories', async () => {
  const lines = await seen({
    both: { content: 'a', properties: properties([1_700_000_000, 123_456_000], 0o640) },
    time: { content: 'b', executable: true, properties: properties([1_234_567_890, 0]) },
    mode: { content: 'c', properties: properties(undefined, 0o755) },
    none: { content: '', properties: properties([1_600_000_000, 500_000_000], 0o600) },
    link: { symlink: 'both', properties: properties([1_500_000_000, 0], 0o600) },
    dir: {
      directory: { inner: { directory: { file: 'x' }, properties: properties([1_400_000_000, 0], 0o500) } },
      properties: properties([1_300_000_000, 7_000], 0o700),
    },
  })
  const without = lines.filter((line) => !line.startsWith('|')).map((line) => line.replace(/0+$/, ''))
  assert.equal(without, [
    'both|640|1700000000.123456',
    'dir/inner/file|444|946684800.',
    'dir/inner|500|1400000000.',
    'dir|700|1300000000.000007',
    'link|777|1500000000.',
    'mode|755|946684800.',
    'none|600|1600000000.5',
    'time|555|1234567890.',
  ])
})

test('CM-12 the input root itself can have them, also where directories are made in it', async () => {
  const root = new Directory().setNodeProperties(properties([1_111_111_111, 0], 0o711))
  const { stdout } = await rig.run({
    argv: ['/usr/bin/stat', '-c', '%a %Y', '..'],
    inputs: root,
    workingDirectory: 'made',
    outputPaths: ['made-too/out'],
  })
  assert.is(stdout, '711 1111111111\n')
})

test('CM-12 microseconds arrive exactly, whatever floating point makes of them', async () => {
  for (const micros of [1, 999_999, 123_000, 654_321, 7, 100_001, 333_333, 909_090]) {
    for (const seconds of [1, 1_700_000_000, 1_763_946_000, 4_000_000_000]) {
      const lines = await seen({ f: { content: 'x', properties: properties([seconds, micros * 1000]) } })
      assert.is(lines[0]?.slice(0, -4), `f|444|${seconds}.${String(micros).padStart(6, '0')}`)
    }
  }
})

test('setuid, setgid and sticky bits are dropped, and so is whatever else is in a mode', async () => {
  const modes: Record<string, number> = {
    setuid: 0o4755,
    setgid: 0o2750,
    sticky: 0o1700,
    full: 0o100644,
    all: 0xffffffff,
  }
  const inputs = Object.entries(modes).map(([name, mode]) => [
    name,
    { content: name, properties: properties(undefined, mode) },
  ])
  const directory = { directory: {}, properties: properties(undefined, 0o6755) }
  const lines = await seen({ ...Object.fromEntries(inputs), directory })
  assert.equal(
    lines.map((line) => line.split('|').slice(0, 2).join(' ')).filter((line) => !line.startsWith(' ')),
    ['all 777', 'directory 755', 'full 644', 'setgid 750', 'setuid 755', 'sticky 700'],
  )
})

test('a time that is none is refused', async () => {
  for (const time of [
    [0, -1],
    [0, 1_000_000_000],
    [1e13, 0],
    [-1e13, 0],
  ] as const) {
    for (const inputs of [
      { f: { content: '', properties: properties(time) } },
      { l: { symlink: 'x', properties: properties(time) } },
      { d: { directory: {}, properties: properties(time) } },
    ]) {
      const { outcome } = await rig.sh('exit 0', { inputs })
      assert.is(outcome.failure?.code, 'invalid-argument', JSON.stringify([time, inputs]))
      assert.match(outcome.failure?.message ?? '', /mtime/)
    }
  }
})

test('times before 1970 and far ahead are taken as the file system takes them', async () => {
  const inputs = {
    old: { content: '1', properties: properties([-86_400, 250_000_000]) },
    far: { content: '2', properties: properties([253_402_300_799, 0]) },
  }
  const { outcome, stdout } = await rig.sh('stat -c %Y old', { inputs })
  assert.is(outcome.failure, undefined)
  assert.is(stdout, '-86400\n')
})

test('CM-12 a file with properties of its own is no link to the store: the stored one keeps its looks', async () => {
  const inputs = {
    writable: { content: 'shared content', properties: properties([5, 0], 0o666) },
    plain: 'shared content',
  }
  const { outcome, stdout } = await rig.sh('echo altered > writable; cat plain; stat -c "%h %a" plain', { inputs })
  assert.is(outcome.failure, undefined)
  assert.is(stdout, 'shared content2 444\n')
  const digest = Digest.ofBytes(SHA256, Buffer.from('shared content'))
  assert.is(Buffer.from(await rig.store.get(digest)).toString(), 'shared content')
  assert.is(statSync(rig.store.layout.blob(digest)).mode & 0o777, 0o444)
})

test('CM-10 a property that nobody knows is refused, before anything runs', async () => {
  for (const names of [['ctime'], ['mtime', 'owner'], ['MTime'], ['']]) {
    const { outcome } = await rig.sh(`touch ${rig.path('ran')}`, { outputNodeProperties: names })
    assert.is(outcome.failure?.code, 'invalid-argument')
    assert.match(outcome.failure?.message ?? '', /supported are mtime and unix_mode/)
    assert.throws(() => statSync(rig.path('ran')), /ENOENT/)
  }
})

const MAKE = `
  mkdir -p out/sub; echo f > out/sub/f; ln -s f out/sub/l; echo top > file; ln -s file link
  chmod 750 out; chmod 701 out/sub; chmod 4640 out/sub/f; chmod 600 file
  touch -hd @1000000001.000000007 out/sub/l link; touch -d @1000000002.123456789 out/sub/f file
  touch -d @1000000003 out/sub; touch -d @1000000004.5 out`

test('CM-10 outputs come back with the properties that were asked for, to the nanosecond', async () => {
  const outputs = { outputPaths: ['file', 'link', 'out'], outputNodeProperties: ['unix_mode', 'mtime'] }
  const { result, outcome } = await rig.sh(MAKE, outputs)
  assert.is(outcome.failure, undefined, outcome.failure?.message)
  assert.is(shown(result.getOutputFilesList()[0]?.getNodeProperties()), '600 1000000002.123456789')
  assert.is(shown(result.getOutputSymlinksList()[0]?.getNodeProperties()), '777 1000000001.000000007')
  const bytes = await rig.bytes(result.getOutputDirectoriesList()[0]?.getTreeDigest())
  const tree = Tree.deserializeBinary(bytes)
  assert.is(shown(tree.getRoot()?.getNodeProperties()), '750 1000000004.500000000')
  const [sub] = tree.getChildrenList()
  assert.is(shown(sub?.getNodeProperties()), '701 1000000003.000000000')
  assert.is(shown(sub?.getFilesList()[0]?.getNodeProperties()), '640 1000000002.123456789')
  assert.is(shown(sub?.getSymlinksList()[0]?.getNodeProperties()), '777 1000000001.000000007')
  // OR-06, DIG-08
  const again = await rig.sh(MAKE, { ...outputs, salt: 'again' })
  assert.is(
    again.result.getOutputDirectoriesList()[0]?.getTreeDigest()?.getHash(),
    result.getOutputDirectoriesList()[0]?.getTreeDigest()?.getHash(),
  )
  for (const directory of [tree.getRoot(), sub]) {
    assert.ok(directory)
    assert.equal(encodeDirectory(directory.clone() as Directory), directory.serializeBinary())
  }
})

test('CM-10 only those that were asked for', async () => {
  for (const [names, expected] of [
    [['mtime'], '- 1000000002.123456789'],
    [['unix_mode', 'unix_mode'], '600 -'],
    [[], '- -'],
  ] as const) {
    const { result } = await rig.sh(MAKE, { outputPaths: ['file'], outputNodeProperties: names })
    assert.is(shown(result.getOutputFilesList()[0]?.getNodeProperties()), expected)
    assert.is(result.getOutputFilesList()[0]?.hasNodeProperties(), names.length > 0)
  }
})

test('CM-10 a file with several names, and in several outputs, has one look', async () => {
  const { result } = await rig.sh('mkdir d; echo x > d/a; chmod 640 d/a; touch -d @77 d/a; ln d/a b', {
    outputPaths: ['b', 'd', 'd/a'],
    outputNodeProperties: ['unix_mode', 'mtime'],
  })
  const files = result.getOutputFilesList().map((file) => shown(file.getNodeProperties()))
  assert.equal(files, ['640 77.000000000', '640 77.000000000'])
})

test('what comes out can go in again and looks the same', async () => {
  const outputs = { outputPaths: ['out'], outputNodeProperties: ['unix_mode', 'mtime'] }
  const first = await rig.sh(
    'mkdir out; echo x > out/f; chmod 604 out/f; touch -d @5.000001 out/f; touch -d @6 out',
    outputs,
  )
  const bytes = await rig.bytes(first.result.getOutputDirectoriesList()[0]?.getTreeDigest())
  const inputs = { out: { directory: Tree.deserializeBinary(bytes).getRoot() ?? new Directory() } }
  const second = await rig.sh('exit 0', { ...outputs, inputs })
  assert.is(
    second.result.getOutputDirectoriesList()[0]?.getTreeDigest()?.getHash(),
    first.result.getOutputDirectoriesList()[0]?.getTreeDigest()?.getHash(),
  )
})

test('properties by name and value mean nothing here', async () => {
  const named = new NodeProperties().setPropertiesList([new NodeProperty().setName('mtime').setValue('now')])
  const lines = await seen({ f: { content: 'x', properties: named } })
  assert.match(lines[0] ?? '', /^f\|444\|946684800\./)
})

test.run()
