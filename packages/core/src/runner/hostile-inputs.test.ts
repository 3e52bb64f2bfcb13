import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import { toDigestMessage } from '../proto/digests.js'
import { Directory, DirectoryNode, FileNode, SymlinkNode } from '../proto/messages.js'
import { type Ran, WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open()
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

async function blob(bytes: Uint8Array): Promise<Digest> {
  const digest = Digest.ofBytes(SHA256, bytes)
  await rig.store.write(digest, bytes)
  return digest
}

const child = (name: string, digest: Digest) => new DirectoryNode().setName(name).setDigest(toDigestMessage(digest))

function refused({ outcome }: Ran, what: RegExp): void {
  assert.is(outcome.failure?.code, 'invalid-argument', outcome.failure?.message)
  assert.match(outcome.failure?.message ?? '', what)
}

/** Directories inside one another; the innermost is empty. Those below `stored` levels are not in the store. */
async function nested(depth: number, stored = depth): Promise<Directory> {
  let directory = new Directory()
  for (let n = 0; n < depth; n++) {
    const bytes = directory.serializeBinary()
    const digest = n < depth - stored ? Digest.ofBytes(SHA256, bytes) : await blob(bytes)
    directory = new Directory().setDirectoriesList([child('d', digest)])
  }
  return directory
}

test('a tree of 10,000 levels is refused; one that paths still reach is laid out', async () => {
  refused(await rig.sh('exit 0', { inputs: await nested(10_000, 3_000) }), /more than \d+ directories deep/)
  const { stdout } = await rig.sh('find . -type d | wc -l', { inputs: await nested(300) })
  assert.is(stdout.trim(), '301')
})

test('a tree that is not too deep by count but by the length of its paths is refused', async () => {
  let directory = new Directory()
  for (let n = 0; n < 30; n++) {
    const name = 'x'.repeat(250)
    directory = new Directory().setDirectoriesList([child(name, await blob(directory.serializeBinary()))])
  }
  refused(await rig.sh('exit 0', { inputs: directory }), /longer than this system allows/)
  assert.is((await rig.sh('ls -A')).stdout, '')
})

test('a tree of 100,000 entries is laid out, of two files only: more names than an inode can have', async () => {
  const [a, b] = [await blob(Buffer.from('a')), await blob(Buffer.from('b'))]
  const directories = await Promise.all(
    [0, 1, 2, 3].map(async (n) => {
      const files = Array.from({ length: 25_000 }, (_, m) =>
        new FileNode().setName(`f${String(m).padStart(5, '0')}`).setDigest(toDigestMessage(n < 3 ? a : b)),
      )
      return child(`d${n}`, await blob(new Directory().setFilesList(files).serializeBinary()))
    }),
  )
  const inputs = new Directory().setDirectoriesList(directories)
  const { outcome, stdout } = await rig.sh('find . -type f | wc -l; cat d2/f24999 d3/f00000', { inputs })
  assert.is(outcome.failure, undefined, outcome.failure?.message)
  assert.is(stdout, '100000\nab')
})

test('a diamond that stands for 2^40 files is refused before anything of it is made', async () => {
  let directory = new Directory().setFilesList(
    ['l', 'r'].map((name) =>
      new FileNode().setName(name).setDigest(toDigestMessage(Digest.ofBytes(SHA256, Buffer.of()))),
    ),
  )
  for (let n = 0; n < 39; n++) {
    const digest = await blob(directory.serializeBinary())
    directory = new Directory().setDirectoriesList([child('l', digest), child('r', digest)])
  }
  refused(await rig.sh('exit 0', { inputs: directory }), /more than 1000000 entries/)
  let empty = new Directory()
  for (let n = 0; n < 40; n++) {
    const digest = await blob(empty.serializeBinary())
    empty = new Directory().setDirectoriesList([child('l', digest), child('r', digest)])
  }
  refused(await rig.sh('exit 0', { inputs: empty }), /more than 1000000 entries/)
})

test('a blob too large for a message is not read as one', async () => {
  const huge = await blob(Buffer.alloc(130 * 1024 * 1024))
  refused(await rig.sh('exit 0', { inputs: new Directory().setDirectoriesList([child('d', huge)]) }), /too large/)
  rig.store.discard(huge)
})

test('DR-08 input links may lead anywhere; nothing is written through them', async () => {
  const outside = rig.path('outside')
  const inputs = { l: { symlink: outside }, d: { directory: { up: { symlink: '../../../..' } } } }
  for (const messages of [
    { outputPaths: ['l/x'] },
    { outputPaths: ['d/up/x'] },
    { outputFiles: ['l/x/y'] },
    { outputDirectories: ['d/up/x'] },
    { workingDirectory: 'l' },
    { workingDirectory: 'd/up' },
  ]) {
    refused(await rig.sh('exit 0', { inputs, ...messages }), /no directory inside the input root/)
  }
  // A link that is itself the output is only looked at.
  const { result } = await rig.sh('exit 0', { inputs, outputPaths: ['l', 'd/up'] })
  assert.equal(
    result.getOutputSymlinksList().map((link) => link.getTarget()),
    [outside, '../../../..'],
  )
})

test('a link cannot stand where a directory of the same tree is to be', async () => {
  const deep = await blob(new Directory().serializeBinary())
  const inputs = new Directory()
    .setSymlinksList([new SymlinkNode().setName('d').setTarget('/tmp')])
    .setDirectoriesList([child('d', deep)])
  refused(await rig.sh('exit 0', { inputs }), /two entries/)
})

test('EX-08 arguments and environment beyond what the system takes are the client’s fault, and said so', async () => {
  const one = await rig.run({ argv: ['/bin/true', 'x'.repeat(3_000_000)] })
  refused(one, /larger than this system allows; pass them in a file/)
  const many = await rig.run({ argv: ['/bin/true', ...Array.from({ length: 40_000 }, (_, n) => `${n}`.repeat(20))] })
  assert.ok(many.outcome.failure === undefined || /larger than/.test(many.outcome.failure.message))
  const env = Array.from({ length: 100 }, (_, n) => [`V${n}`, 'x'.repeat(100_000)] as const)
  refused(await rig.run({ argv: ['/bin/true'], env }), /larger than this system allows/)
})

test.run()
