// An input root that is kept from one action to the next is, whatever the actions do to it, what a fresh one would be.
import {
  appendFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { Digest, SHA256 } from '../digest/index.js'
import { letPass } from '../disk/close-to-others.js'
import { parseBlobName } from '../disk/index.js'
import { DEEDS, doDeeds } from '../testing/deeds.js'
import { FilesOnlyStore, type TreeNode } from '../testing/files-only-store.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { runnerProgram } from '../worker/runner-program.js'
import type { ActionUser } from './action-user.js'
import { type DirectoryToLookAt, FoundFiles } from './found-files.js'
import { statsIfAny } from './input-files.js'
import { NativeLauncher } from './launch/native-launcher.js'
import { PrintedFiles } from './printed-files.js'

const NAMES = ['a', 'b', 'c', 'd', 'e']
const name = fc.constantFrom(...NAMES)
const content = fc.constantFrom('', 'one', 'two', 'three', 'x'.repeat(300_000))

const { tree } = fc.letrec<{ tree: TreeNode[]; node: TreeNode }>((tie) => ({
  tree: fc.uniqueArray(tie('node'), { maxLength: 4, depthIdentifier: 'tree', selector: (node) => node.name }),
  node: fc.oneof(
    { depthIdentifier: 'tree', maxDepth: 3 },
    fc.record({ kind: fc.constant('file' as const), name, content, executable: fc.boolean() }),
    fc.record({ kind: fc.constant('link' as const), name, target: fc.constantFrom('a', 'nowhere', 'c/d', 'b/a') }),
    fc.record({ kind: fc.constant('directory' as const), name, nodes: tie('tree') }),
  ) as fc.Arbitrary<TreeNode>,
}))

const deed = fc.record({ what: fc.constantFrom(...DEEDS), at: fc.nat(30), other: fc.nat(30) })

const runs = fc.array(fc.record({ tree: fc.nat(2), deeds: fc.array(deed, { maxLength: 6 }) }), {
  minLength: 1,
  maxLength: 6,
})

function picture(path: string): string[] {
  const stats = lstatSync(path)
  const mode = (stats.mode & 0o7777).toString(8)
  if (stats.isSymbolicLink()) return [`-> ${readlinkSync(path)}`]
  if (stats.isFile()) return [`${mode} ${stats.mtimeMs} ${Digest.ofBytes(SHA256, readFileSync(path))}`]
  const below = readdirSync(path).sort()
  return [mode, ...below.flatMap((entry) => picture(join(path, entry)).map((line) => `${entry}/${line}`))]
}

/** What the main process and the client do about blobs that were written to. */
function replace(store: FilesOnlyStore, altered: readonly Digest[], contents: ReadonlyMap<string, string>): void {
  for (const digest of altered) {
    for (const variant of ['plain', 'executable'] as const) rmSync(store.layout.blob(digest, variant), { force: true })
    const text = contents.get(digest.key)
    assert.type(text, 'string', 'only blobs of the tree are altered')
    store.put(Buffer.from(text ?? ''))
  }
}

function assertIntact(store: FilesOnlyStore): void {
  const root = store.layout.blobFunctionRoot(SHA256)
  for (const shard of existsSync(root) ? readdirSync(root) : []) {
    for (const file of readdirSync(join(root, shard))) {
      const blob = parseBlobName(SHA256, shard, file)
      assert.is(String(Digest.ofBytes(SHA256, readFileSync(join(root, shard, file)))), String(blob?.digest), file)
    }
  }
}

function contentsOf(nodes: readonly TreeNode[]): string[] {
  return nodes.flatMap((node) =>
    node.kind === 'file' ? [node.content] : node.kind === 'directory' ? contentsOf(node.nodes) : [],
  )
}

/** Does something as that user; only root can. */
function as(user: ActionUser | undefined, act: () => void): void {
  if (user === undefined) {
    act()
    return
  }
  process.setegid?.(user.gid)
  process.seteuid?.(user.uid)
  try {
    act()
  } finally {
    process.seteuid?.(0)
    process.setegid?.(0)
  }
}

/** As the native launcher does it, of the first of two. */
function lookAtHalf(directories: readonly DirectoryToLookAt[]): FoundFiles {
  const paths = directories.flatMap(({ path, names }) => [path, ...names.map((name) => join(path, name))])
  const states = paths.slice(0, paths.length / 2).map((path) => {
    const stats = statsIfAny(path)
    return stats === undefined ? [0, 0, 0, 0, 0] : [stats.ino, stats.mode, stats.size, stats.mtimeMs, stats.ctimeMs]
  })
  return new FoundFiles(new Uint8Array(Float64Array.from(states.flat()).buffer))
}

interface Looker extends Disposable {
  readonly look: Look
}

const lookers: Record<string, () => Looker | undefined> = {
  'it looks itself': () => ({ look: async () => undefined, [Symbol.dispose]() {} }),
  'half of it is known': () => ({ look: async (directories) => lookAtHalf(directories), [Symbol.dispose]() {} }),
  'the native launcher looks': () => {
    const program = runnerProgram().launcher
    if (program === undefined) return undefined
    const directory = temporaryDirectory()
    const printed = new PrintedFiles(directory.path)
    const launcher = new NativeLauncher({ program, printed, onDeath: (why) => assert.unreachable(why) })
    const command = { program: '/bin/true', argv: ['true'], env: {}, workingDirectory: '/' }
    return {
      look: async (lookAt) => (await launcher.launch({ ...command, lookAt }).ended).found,
      [Symbol.dispose]() {
        launcher.end()
        directory[Symbol.dispose]()
      },
    }
  },
}

/** Looks in place of the input root, when the command is over. */
type Look = (directories: readonly DirectoryToLookAt[]) => Promise<FoundFiles | undefined>

async function checkKeptRoots(look: Look, user?: ActionUser): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(tree, { minLength: 3, maxLength: 3 }), runs, async (trees, actions) => {
      using space = temporaryDirectory()
      // For another user to pass through.
      if (user !== undefined) for (const path of [space.path, dirname(space.path)]) letPass(path)
      const store = new FilesOnlyStore(space.path)
      const digests = trees.map((nodes) => store.directory(nodes))
      const contents = new Map(
        trees.flatMap(contentsOf).map((text) => [Digest.ofBytes(SHA256, Buffer.from(text)).key, text]),
      )
      const kept = store.inputRoot(join(space.path, 'kept'), user)
      for (const [n, action] of actions.entries()) {
        const root = digests[action.tree]
        if (root === undefined) throw new Error('there are three trees')
        kept.stage(root)
        const fresh = store.inputRoot(join(space.path, `fresh-${n}`), user)
        fresh.stage(root)
        assert.equal(picture(kept.place), picture(fresh.place))
        rmSync(fresh.place, { recursive: true })
        const toLookAt = kept.start()
        as(user, () => doDeeds(action.deeds, kept.place))
        const altered = kept.altered(await look(toLookAt))
        replace(store, altered, contents)
        assertIntact(store)
        kept.restore(() => false)
      }
      assert.equal(readdirSync(join(space.path, 'tmp')), [])
    }),
    { numRuns: 100 },
  )
}

const nobody = { uid: 65534, gid: 65534, exclusive: true }
const rest = 'the next one starts from what a fresh staging gives it'
const isRoot = process.getuid?.() === 0

for (const [how, open] of Object.entries(lookers)) {
  const check = async (user?: ActionUser) => {
    using looker = open()
    if (looker !== undefined) await checkKeptRoots(looker.look, user)
    else console.log('SKIP the native launcher: it was not built (apt-get install gcc libc6-dev)')
  }

  test(`CM-12 CM-09 whatever actions do, ${rest}; ${how}`, () => check())

  test(`CM-12 CM-09 so it does where another user runs them, whose files are not looked at one by one; ${how}`, async () => {
    if (isRoot) await check(nobody)
    else console.log('SKIP another user: only root can be somebody else')
  })
}

test('nothing that another user cannot have altered is looked at, and what was put in its place is found', () => {
  if (!isRoot) return console.log('SKIP another user: only root can be somebody else')
  using space = temporaryDirectory()
  for (const path of [space.path, dirname(space.path)]) letPass(path)
  const store = new FilesOnlyStore(space.path)
  const nodes = ['a', 'b'].map((entry) => ({ kind: 'file', name: entry, content: entry, executable: false }) as const)
  const root = store.directory(nodes.map((node) => ({ kind: 'directory', name: `in-${node.name}`, nodes: [node] })))
  const kept = store.inputRoot(join(space.path, 'kept'), nobody)
  kept.stage(root)
  // As if long ago: what was changed a moment before a command is looked at all the same.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
  kept.start()
  as(nobody, () => {
    assert.throws(() => appendFileSync(join(kept.path, 'in-a/a'), 'altered'), /EACCES/)
    rmSync(join(kept.path, 'in-b/b'))
    writeFileSync(join(kept.path, 'in-b/b'), 'another one')
  })
  assert.equal(kept.altered(), [])
  kept.restore(() => false)
  kept.stage(root)
  assert.is(readFileSync(join(kept.path, 'in-b/b'), 'utf8'), 'b')
})

test("a file that became the store's as an output does not stay as an input", () => {
  using space = temporaryDirectory()
  const store = new FilesOnlyStore(space.path)
  const input = { kind: 'file', name: 'a', content: 'one', executable: false } as const
  const root = store.directory([input, { kind: 'directory', name: 'd', nodes: [{ ...input, content: 'two' }] }])
  const kept = store.inputRoot(join(space.path, 'kept'))
  kept.stage(root)
  kept.start()
  assert.equal(kept.altered(), [])
  const output = lstatSync(join(kept.path, 'd/a')).ino
  kept.restore((inode) => inode === output)
  assert.equal(readdirSync(kept.path).sort(), ['a', 'd'])
  assert.equal(readdirSync(join(kept.path, 'd')), [])
  kept.stage(root)
  assert.is(readFileSync(join(kept.path, 'd/a'), 'utf8'), 'two')
})

test.run()
