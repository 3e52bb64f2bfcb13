// Whatever a client sends as an input tree is either laid out exactly as described or refused as the client's fault, and
// never reaches anything beside it.
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { STORED_MTIME_S } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { Command } from '../proto/messages.js'
import { FilesOnlyStore, type TreeNode } from '../testing/files-only-store.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { RootedDirectories, segmentsOf } from './hostile-paths.js'
import { declaredOutputs } from './outputs.js'

const BAD_NAMES = ['', '.', '..', '/', 'a/b', '../x', '/etc', 'a\0b', '..\0', 'x/', './x']

/** Mostly names that can be, from few letters, so that some come twice. */
const name = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.string({
      unit: fc.constantFrom('a', 'b', 'A', 'é', ' ', '-', '📦', '\n'),
      minLength: 1,
      maxLength: 3,
    }),
  },
  { weight: 5, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }) },
  { weight: 1, arbitrary: fc.constantFrom(...BAD_NAMES, '...', '-rf', 'x'.repeat(255), 'x'.repeat(256)) },
)
const target = fc.oneof(
  fc.constantFrom('/', '/etc/passwd', '../../..', '..', '.', 'a', 'nowhere', '../outside', '/tmp/../etc'),
  fc.string({ minLength: 1, maxLength: 30 }),
  fc.constantFrom('', 'a\0b', 'x'.repeat(5000)),
)
const attributes = {
  mode: fc.option(fc.oneof(fc.constantFrom(0o644, 0o755, 0o4755), fc.nat(0xffffffff)), { nil: undefined, freq: 3 }),
  mtime: fc.option(fc.integer({ min: 0, max: 4_000_000_000 }), { nil: undefined, freq: 3 }),
}
const { nodes } = fc.letrec<{ nodes: TreeNode[]; node: TreeNode }>((tie) => ({
  nodes: fc.array(tie('node'), { maxLength: 5, depthIdentifier: 'tree' }),
  node: fc.oneof(
    { depthIdentifier: 'tree', maxDepth: 4 },
    fc.record({
      kind: fc.constant('file' as const),
      name,
      content: fc.constantFrom('', 'one', 'two'),
      executable: fc.boolean(),
      ...attributes,
    }),
    fc.record({ kind: fc.constant('link' as const), name, target }),
    fc.record({ kind: fc.constant('directory' as const), name, nodes: tie('nodes'), ...attributes }),
  ) as fc.Arbitrary<TreeNode>,
}))

/** What there should be at a path, or is. */
type Picture = string | { readonly [name: string]: Picture }

function expected(nodes: readonly TreeNode[], own: { mode?: number; mtime?: number } = {}): Picture {
  const picture: Record<string, Picture> = Object.create(null)
  if (own.mode !== undefined || own.mtime !== undefined) picture['/'] = looks(own.mode, own.mtime)
  for (const node of nodes) {
    if (node.kind === 'link') picture[node.name] = `-> ${node.target}`
    else if (node.kind === 'directory') picture[node.name] = expected(node.nodes, node)
    else {
      const { mode = node.executable ? 0o555 : 0o444, mtime = STORED_MTIME_S, content } = node
      picture[node.name] = `${looks(mode, mtime)} ${content}`
    }
  }
  return picture
}

function actual(path: string, nodes: readonly TreeNode[], own: { mode?: number; mtime?: number } = {}): Picture {
  const stats = lstatSync(path)
  const picture: Record<string, Picture> = Object.create(null)
  if (own.mode !== undefined || own.mtime !== undefined) {
    picture['/'] = looks(own.mode && stats.mode, own.mtime && stats.mtimeMs / 1000)
  }
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const at = join(path, entry.name)
    const node = nodes.find((each) => each.name === entry.name)
    if (entry.isSymbolicLink()) picture[entry.name] = `-> ${readlinkSync(at)}`
    else if (entry.isDirectory()) {
      picture[entry.name] = node?.kind === 'directory' ? actual(at, node.nodes, node) : 'unexpected'
    } else {
      const { mode, mtimeMs } = lstatSync(at)
      picture[entry.name] = `${looks(mode, mtimeMs / 1000)} ${readFileSync(at, 'utf8')}`
    }
  }
  return picture
}

function looks(mode: number | undefined, mtime: number | undefined): string {
  return `${mode === undefined ? '' : (mode & 0o777).toString(8)} ${mtime ?? ''}`
}

/** Whether the protocol allows a tree, and this system can have it. */
function isLegal(nodes: readonly TreeNode[]): boolean {
  const names = nodes.map((node) => node.name)
  if (new Set(names).size < names.length) return false
  return nodes.every((node) => {
    if (BAD_NAMES.includes(node.name) || node.name.includes('/') || node.name.includes('\0')) return false
    if (Buffer.byteLength(node.name) > 255) return false
    if (node.kind === 'link')
      return node.target !== '' && !node.target.includes('\0') && Buffer.byteLength(node.target) < 4096
    return node.kind === 'file' || isLegal(node.nodes)
  })
}

/** Runs something that may only fail as the client's fault; false if it did. */
function taken(action: () => void): boolean {
  try {
    action()
    return true
  } catch (error) {
    const tooLong = (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG'
    assert.ok(tooLong || (error instanceof GoregoError && error.code === 'invalid-argument'), String(error))
    return false
  }
}

const isRoot = process.getuid?.() === 0

test('CM-12 DR-01 DR-02 any tree is laid out exactly, or refused, and nothing beside it is touched', () => {
  // Only root reads what modes forbid, and this test wants to see it.
  const trees = isRoot ? nodes : nodes.map(readable)
  fc.assert(
    fc.property(trees, (tree) => {
      using space = temporaryDirectory()
      const place = join(space.path, 'place')
      writeFileSync(join(space.path, 'outside'), 'untouched')
      const files = new FilesOnlyStore(space.path)
      const root = files.directory(tree)
      const path = join(place, 'root')
      const isTaken = taken(() => {
        const staged = files.inputRoot(place).stage(root)
        assert.equal(staged.missing, [])
        staged.finish()
      })
      assert.is(isTaken, isLegal(tree))
      if (isTaken) assert.equal(actual(path, tree), expected(tree))
      assert.equal(
        readdirSync(space.path).filter((entry) => entry !== 'place'),
        ['outside', 'store', 'tmp'],
      )
      assert.ok(!existsSync(place) || readdirSync(place).every((entry) => entry === 'root'))
      assert.is(readFileSync(join(space.path, 'outside'), 'utf8'), 'untouched')
      assert.equal(readdirSync(join(space.path, 'tmp')), [])
    }),
    { numRuns: 200 },
  )
})

function readable(tree: TreeNode[]): TreeNode[] {
  return tree.map((node) => {
    if (node.kind === 'link') return node
    const { mode: _, ...rest } = node
    return rest.kind === 'directory' ? { ...rest, nodes: readable(rest.nodes) } : rest
  })
}

const pathText = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(fc.constantFrom('a', 'b', '..', '.', '', 'link', 'file', 'é', 'x'.repeat(300)), { maxLength: 6 })
      .map((parts) => parts.join('/')),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 20 }) },
)

test('CM-05 CM-07 CM-08 any paths of a Command stay inside the input root, or are refused', () => {
  fc.assert(
    fc.property(
      pathText,
      fc.array(pathText, { maxLength: 4 }),
      fc.constantFrom('..', '/', 'a', 'link'),
      (workingDirectory, outputs, linkTarget) => {
        using space = temporaryDirectory()
        const files = new FilesOnlyStore(space.path)
        const tree: TreeNode[] = [
          { kind: 'link', name: 'link', target: linkTarget },
          { kind: 'file', name: 'file', content: 'x', executable: false },
          { kind: 'directory', name: 'a', nodes: [] },
        ]
        const inputs = files.inputRoot(join(space.path, 'place'))
        inputs.stage(files.directory(tree))
        const { path } = inputs
        const before = readdirSync(space.path).sort()
        taken(() => {
          const segments = segmentsOf(workingDirectory, [], 'the working directory')
          const declared = declaredOutputs(new Command().setOutputPathsList(outputs), segments)
          const directories = new RootedDirectories(path)
          assert.ok(inside(path, directories.make(segments, 'the working directory')))
          for (const output of declared) {
            assert.ok(inside(path, directories.make(output.parent, 'the parent of output')))
          }
        })
        assert.equal(readdirSync(space.path).sort(), before)
      },
    ),
    { numRuns: 300 },
  )
})

function inside(root: string, path: string): boolean {
  return path === root || path.startsWith(`${root}/`)
}

test.run()
