import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import { compareUtf8, encodeDirectory } from '../proto/canonical.js'
import { Command, type Directory, type OutputDirectory, Tree } from '../proto/messages.js'
import { wireFields } from '../proto/wire.js'
import type { ActionMessages } from '../testing/action-builder.js'
import { WorkerRig } from '../testing/worker-rig.js'

let rig: WorkerRig
test.before(async () => {
  rig = await WorkerRig.open({ slots: 2 })
})
test.after(async () => {
  assert.equal(await rig.close(), [])
})

const { TREE_ONLY, DIRECTORY_ONLY, TREE_AND_DIRECTORY } = Command.OutputDirectoryFormat
const keyOf = (bytes: Uint8Array) => Digest.ofBytes(SHA256, bytes).key

/** Runs a script that makes the directory `out`. */
async function output(script: string, messages: ActionMessages = {}): Promise<OutputDirectory> {
  const { outcome, result } = await rig.sh(script, { outputPaths: ['out'], ...messages })
  assert.is(outcome.failure, undefined)
  const [directory] = result.getOutputDirectoriesList()
  assert.ok(directory)
  return directory
}

async function treeOf(directory: OutputDirectory): Promise<{ tree: Tree; bytes: Uint8Array }> {
  const bytes = await rig.bytes(directory.getTreeDigest())
  return { tree: Tree.deserializeBinary(bytes), bytes }
}

/** Paths of everything in a Tree, to compare with `find`. */
function pathsOf(tree: Tree): string[] {
  const children = new Map(tree.getChildrenList().map((child) => [keyOf(child.serializeBinary()), child]))
  const walk = (directory: Directory | undefined, prefix: string): string[] => {
    assert.ok(directory, `the Tree holds ${prefix}`)
    return [
      ...directory.getFilesList().map((file) => `${prefix}${file.getName()}`),
      ...directory.getSymlinksList().map((link) => `${prefix}${link.getName()} -> ${link.getTarget()}`),
      ...directory.getDirectoriesList().flatMap((child) => {
        const path = `${prefix}${child.getName()}/`
        return [path, ...walk(children.get(rig.digest(child.getDigest()).key), path)]
      }),
    ]
  }
  return walk(tree.getRoot(), '').sort(compareUtf8)
}

test('a Tree holds every directory, also the empty ones, files and links', async () => {
  const { tree } = await treeOf(
    await output('mkdir -p out/a/b out/empty; echo x > out/a/b/f; echo y > "out/größer 📦"; ln -s ../nowhere out/a/l'),
  )
  assert.equal(pathsOf(tree), ['a/', 'a/b/', 'a/b/f', 'a/l -> ../nowhere', 'empty/', 'größer 📦'])
})

test('OR-05 every file of a Tree is in the store', async () => {
  const { tree } = await treeOf(await output('mkdir -p out/d; for n in 1 2 3 4 5 6 7; do echo $n > out/d/$n; done'))
  const files = tree.getChildrenList().flatMap((child) => child.getFilesList())
  assert.is(files.length, 7)
  assert.equal(await rig.store.findMissing(files.map((file) => rig.digest(file.getDigest()))), [])
})

test('OR-06 the same content in another order of making gives the same Tree', async () => {
  const names = ['z', 'a', 'm', 'Z', '\u{e000}', '\u{1f4e6}', 'é']
  const make = (order: string[]) =>
    `mkdir out; cd out; for d in ${order.join(' ')}; do mkdir $d; echo $d > $d/file; touch "f$d"; done`
  const forth = await output(make(names))
  const back = await output(make([...names].reverse()))
  assert.is(forth.getTreeDigest()?.getHash(), back.getTreeDigest()?.getHash())
})

test('DR-06 DIG-08 the Directories of a Tree are canonical: names by UTF-8 bytes, not UTF-16 units', async () => {
  const { tree } = await treeOf(await output('mkdir out; cd out; touch "\u{1f4e6}" "\u{e000}" é z Z a'))
  const names = tree
    .getRoot()
    ?.getFilesList()
    .map((file) => file.getName())
  assert.equal(names, ['Z', 'a', 'z', 'é', '\u{e000}', '\u{1f4e6}'])
  const root = tree.getRoot()
  assert.ok(root)
  assert.equal(encodeDirectory(root.clone() as Directory), root.serializeBinary())
})

test('OR-07 topological order: root first, each directory once and before those below it', async () => {
  const script = `
    mkdir out; cd out
    for a in 1 2 3; do for b in x y; do mkdir -p $a/$b/shared/deep; echo same > $a/$b/shared/deep/f; done; done
    mkdir -p deep shared/deep; echo same > deep/f; echo same > shared/deep/f; mkdir 3/only`
  const directory = await output(script)
  assert.ok(directory.getIsTopologicallySorted())
  const { tree, bytes } = await treeOf(directory)
  const tags = [...wireFields(bytes)].map((field) => field.number)
  assert.equal(tags, [1, ...Array(tags.length - 1).fill(2)])
  const order = [...wireFields(bytes)].map((field) => keyOf(field.bytes ?? new Uint8Array(0)))
  assert.is(new Set(order).size, order.length)
  const all = [tree.getRoot(), ...tree.getChildrenList()]
  const referenced = new Set<string>()
  for (const [n, parent] of all.entries()) {
    for (const child of parent?.getDirectoriesList() ?? []) {
      const { key } = rig.digest(child.getDigest())
      referenced.add(key)
      assert.ok(order.indexOf(key) > n, 'a child comes after its parent')
    }
  }
  assert.is(referenced.size, order.length - 1)
})

test('OR-08 CM-11 the format decides which digests there are; both mean the same directory', async () => {
  const script = 'mkdir -p out/d/e; echo x > out/d/e/f'
  const treeOnly = await output(script, { outputDirectoryFormat: TREE_ONLY })
  assert.equal([treeOnly.hasTreeDigest(), treeOnly.hasRootDirectoryDigest()], [true, false])
  const unknown = await output(script, { outputDirectoryFormat: 77 as typeof TREE_ONLY })
  assert.equal([unknown.hasTreeDigest(), unknown.hasRootDirectoryDigest()], [true, false])
  const both = await output(script, { outputDirectoryFormat: TREE_AND_DIRECTORY })
  const directoryOnly = await output(script, { outputDirectoryFormat: DIRECTORY_ONLY })
  assert.equal([directoryOnly.hasTreeDigest(), directoryOnly.getIsTopologicallySorted()], [false, false])

  const { tree } = await treeOf(both)
  assert.is(both.getTreeDigest()?.getHash(), treeOnly.getTreeDigest()?.getHash())
  assert.is(both.getRootDirectoryDigest()?.getHash(), directoryOnly.getRootDirectoryDigest()?.getHash())
  const root = tree.getRoot()?.serializeBinary() ?? new Uint8Array(0)
  assert.is(Buffer.compare(await rig.bytes(both.getRootDirectoryDigest()), root), 0)
  const digests = tree.getChildrenList().map((child) => Digest.ofBytes(SHA256, child.serializeBinary()))
  assert.is(digests.length, 2)
  assert.equal(await rig.store.findMissing(digests), [])
})

test('an empty output directory is one', async () => {
  const directory = await output('mkdir out')
  const { tree, bytes } = await treeOf(directory)
  assert.equal(Buffer.from(bytes), Buffer.from([0x0a, 0x00]))
  assert.equal(pathsOf(tree), [])
})

test('names and targets that are not UTF-8 are an error that says so', async () => {
  // dash knows no $'\\xff'.
  const bad = (command: string) => `bad=$(printf 'a\\377'); ${command}`
  for (const script of [
    bad('mkdir out; touch "out/$bad"'),
    bad('mkdir -p "out/$bad"'),
    bad('mkdir out; ln -s "$bad" out/link'),
    bad('ln -s "$bad" out'),
  ]) {
    const { outcome } = await rig.sh(script, { outputPaths: ['out'] })
    assert.is(outcome.failure?.code, 'failed-precondition', script)
    assert.match(outcome.failure?.message ?? '', /61ff/)
    assert.match(outcome.failure?.message ?? '', '"out')
    assert.not.match(outcome.failure?.message ?? '', rig.directory)
  }
  // A name that holds the replacement character itself is fine.
  const { tree } = await treeOf(await output('mkdir out; touch "out/\u{fffd}"'))
  assert.equal(pathsOf(tree), ['\u{fffd}'])
})

test('a tree too deep for the system is an error of the action, and is cleaned up', async () => {
  const script = 'mkdir out; cd out; d=$(printf "%0250d" 0); for n in 1 2 3 4 5 6 7 8 9 10; do mkdir $d; cd $d; done'
  const deeper = `${script}; for n in 1 2 3 4 5 6 7 8 9 10; do mkdir $d; cd $d; done`
  const { outcome } = await rig.run({ argv: ['/bin/bash', '-c', deeper], outputPaths: ['out'] })
  assert.is(outcome.failure?.code, 'invalid-argument')
  assert.is((await rig.sh('ls -A')).stdout, '')
})

test.run()
