import { reapi, SHA256 } from '@gorego/core'
import type { ActionMessages } from '@gorego/core/testing'
import * as assert from 'uvu/assert'
import { altered } from '../client/actions.js'
import { findMissing } from '../client/calls.js'
import { directoriesOf, keyOf, messageKey, type OutputTree, pathsIn, treeOf } from '../client/trees.js'
import { Cases } from '../suite/case.js'
import type { Tester } from '../suite/tester.js'

export const outputTrees = new Cases((t) => t.needsExecution())
const { test } = outputTrees

const { TREE_ONLY, DIRECTORY_ONLY, TREE_AND_DIRECTORY } = reapi.Command.OutputDirectoryFormat

/** Runs a script that makes the directory `out`. */
async function output(t: Tester, script: string, messages: ActionMessages = {}): Promise<reapi.OutputDirectory> {
  const { response, result } = await t.run(script, { outputPaths: ['out'], ...messages })
  const [directory] = result.getOutputDirectoriesList()
  assert.ok(directory, response.getStatus()?.getMessage())
  return directory
}

const filesIn = ({ directories }: OutputTree) =>
  [...directories.values()].flatMap((each) =>
    each.getFilesList().map((file) => reapi.fromDigestMessage(SHA256, file.getDigest(), 'a file')),
  )

test('OR-05, OR-01: a Tree holds every directory, also the empty ones, and files and links', async (t) => {
  const script = `mkdir -p out/a/b out/empty; echo '${t.unique()}' > out/a/b/f; echo y > 'out/größer 📦'; ln -s ../nowhere out/a/l`
  const tree = await treeOf(t.client, await output(t, script))
  assert.equal(pathsIn(tree), ['a/', 'a/b/', 'a/b/f', 'a/l -> ../nowhere', 'empty/', 'größer 📦'])
  assert.equal(await findMissing(t.client, filesIn(tree)), [])
})

test('OR-05: an output directory that is empty has a Tree with a root', async (t) => {
  assert.equal(pathsIn(await treeOf(t.client, await output(t, 'mkdir out'))), [])
})

test('OR-06: the same content in another order of making gives the same Tree', async (t) => {
  const names = ['z', 'a', 'm', 'Z', '\u{e000}', '\u{1f4e6}', 'é']
  const make = (order: readonly string[]) =>
    `mkdir out; cd out; for d in ${order.join(' ')}; do mkdir $d; echo $d > $d/file; touch "f$d"; done`
  const [forth, back] = [await output(t, make(names)), await output(t, make([...names].reverse()))]
  assert.is(forth.getTreeDigest()?.getHash(), back.getTreeDigest()?.getHash())
})

test('DR-06, DIG-08: Directories are canonical: names by their UTF-8 bytes, and nothing that means nothing', async (t) => {
  const script = `mkdir out; cd out; for n in '\u{1f4e6}' '\u{e000}' é z Z a; do touch "$n"; mkdir "d$n"; ln -s x "l$n"; done`
  const tree = await treeOf(t.client, await output(t, script))
  const order = ['Z', 'a', 'z', 'é', '\u{e000}', '\u{1f4e6}']
  const { root } = tree
  assert.equal(
    root.getFilesList().map((file) => file.getName()),
    order,
  )
  assert.equal(
    root.getDirectoriesList().map((each) => each.getName()),
    order.map((name) => `d${name}`),
  )
  assert.equal(
    root.getSymlinksList().map((link) => link.getName()),
    order.map((name) => `l${name}`),
  )
  for (const directory of tree.directories.values()) {
    assert.equal(reapi.encodeDirectory(directory.clone() as reapi.Directory), directory.serializeBinary())
  }
})

test('DR-10: files in Trees are executable if their owner may execute them', async (t) => {
  const { root } = await treeOf(t.client, await output(t, 'mkdir out; cd out; touch a b; chmod 755 a; chmod 644 b'))
  assert.equal(
    root.getFilesList().map((file) => file.getIsExecutable()),
    [true, false],
  )
})

const DIAMOND = `mkdir out; cd out
  for a in 1 2 3; do for b in x y; do mkdir -p $a/$b/shared/deep; echo same > $a/$b/shared/deep/f; done; done
  mkdir -p deep shared/deep; echo same > deep/f; echo same > shared/deep/f; mkdir 3/only`

test('OR-07: every Directory that a Tree refers to is in it', async (t) => {
  const tree = await treeOf(t.client, await output(t, DIAMOND))
  // Fails where one is missing.
  assert.ok(pathsIn(tree).includes('3/y/shared/deep/f'))
})

test('OR-07: a Tree that says that it is sorted has the root first, each Directory once, and parents before children', async (t) => {
  const directory = await output(t, DIAMOND)
  if (!directory.getIsTopologicallySorted()) t.notApplicable('the server does not say that its Trees are sorted')
  const { bytes = Buffer.alloc(0) } = await treeOf(t.client, directory)
  const fields = [...reapi.wireFields(bytes)]
  assert.equal(
    fields.map((field) => field.number),
    [1, ...Array(fields.length - 1).fill(2)],
  )
  const records = fields.map((field) => field.bytes ?? new Uint8Array(0))
  const order = records.map(keyOf)
  assert.is(new Set(order).size, order.length, 'no Directory is there twice')
  const referred = new Set<string>()
  for (const [n, record] of records.entries()) {
    for (const child of reapi.Directory.deserializeBinary(record).getDirectoriesList()) {
      const key = messageKey(child.getDigest())
      referred.add(key)
      assert.ok(order.indexOf(key) > n, `${child.getName()} comes after its parent`)
    }
  }
  assert.equal(
    order.slice(1).filter((key) => !referred.has(key)),
    [],
    'nothing is there that nobody refers to',
  )
})

test('OR-08, CM-11: the format decides which digests there are, and both mean the same directory', async (t) => {
  const make = `mkdir -p out/a/b; echo '${t.unique()}' > out/a/b/f; echo x > out/g`
  const of = (outputDirectoryFormat: reapi.OutputDirectoryFormatValue) => output(t, make, { outputDirectoryFormat })
  const [tree, directory, both] = [await of(TREE_ONLY), await of(DIRECTORY_ONLY), await of(TREE_AND_DIRECTORY)]
  assert.ok(tree.hasTreeDigest())
  if (!directory.hasRootDirectoryDigest()) t.notApplicable('the server knows no format but TREE_ONLY')
  assert.ok(both.hasTreeDigest() && both.hasRootDirectoryDigest())
  assert.is(both.getRootDirectoryDigest()?.getHash(), directory.getRootDirectoryDigest()?.getHash())
  const [ofTree, ofRoot] = [
    await treeOf(t.client, both),
    await directoriesOf(t.client, directory.getRootDirectoryDigest()),
  ]
  assert.is(keyOf(ofTree.root.serializeBinary()), messageKey(directory.getRootDirectoryDigest()))
  assert.equal(pathsIn(ofRoot), pathsIn(ofTree))
  assert.equal(pathsIn(ofTree), pathsIn(await treeOf(t.client, tree)))
})

test(
  'OR-08, CM-11: TREE_ONLY has no digest of a root directory, DIRECTORY_ONLY none of a Tree',
  async (t) => {
    const of = (outputDirectoryFormat: reapi.OutputDirectoryFormatValue) =>
      output(t, 'mkdir out', { outputDirectoryFormat })
    const [tree, directory] = [await of(TREE_ONLY), await of(DIRECTORY_ONLY)]
    assert.equal([tree.hasRootDirectoryDigest(), directory.hasTreeDigest()], [false, false])
  },
  { level: 'D' },
)

test('CM-11: a format that nobody knows is TREE_ONLY', async (t) => {
  const built = t.shell('mkdir out; echo x > out/f', { outputPaths: ['out'] })
  const unknown = 99 as reapi.OutputDirectoryFormatValue
  const { result } = await t.run(altered(built, { command: (command) => command.setOutputDirectoryFormat(unknown) }))
  const [directory] = result.getOutputDirectoriesList()
  assert.ok(directory?.hasTreeDigest())
  assert.equal(pathsIn(await treeOf(t.client, directory)), ['f'])
})
