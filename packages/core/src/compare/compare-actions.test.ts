import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { loadDigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { NodeProperties, UInt32Value } from '../proto/messages.js'
import { type ActionMessages, buildAction, type TreeSpec } from '../testing/action-builder.js'
import { blobOf } from '../testing/blobs.js'
import { compareActions } from './compare-actions.js'
import type { Comparison } from './difference.js'

const base: ActionMessages = {
  argv: ['cc', '-O2', '-c', 'a.c'],
  env: [['PATH', '/bin']],
  outputPaths: ['a.o'],
  inputs: { 'a.c': 'int main(){}' },
}

interface Compared {
  readonly maxDifferences?: number
  readonly store?: MemoryStore
}

async function compare(before: ActionMessages, after: ActionMessages, options: Compared = {}): Promise<Comparison> {
  const { store: cas = new MemoryStore(), ...rest } = options
  const [first, second] = [buildAction(before), buildAction(after)]
  await first.upload(cas)
  await second.upload(cas)
  return await compareActions({ cas, before: first.digest, after: second.digest, ...rest })
}

/** As short as they can be said: kind, subject, before, after. */
const short = ({ differences }: Comparison) => differences.map((d) => [d.kind, d.subject, d.before, d.after])

const file = (content: string) => {
  const { hash, sizeBytes } = blobOf(content).digest
  return `file ${hash}/${sizeBytes}`
}

test('an action is as itself', async () => {
  assert.equal(await compare(base, base), { differences: [], truncated: false, unknown: [] })
})

test('what differs in the command is named with both values', async () => {
  const other: ActionMessages = {
    ...base,
    argv: ['cc', '-O3', '-c', 'a.c'],
    env: [
      ['PATH', '/usr/bin'],
      ['LANG', 'C'],
    ],
    workingDirectory: 'src',
    outputPaths: ['b.o'],
  }
  assert.equal(short(await compare(base, other)), [
    ['argument', '1', '-O2', '-O3'],
    ['variable', 'PATH', '/bin', '/usr/bin'],
    ['variable', 'LANG', undefined, 'C'],
    ['working-directory', '', '', 'src'],
    ['output', 'a.o', 'declared', undefined],
    ['output', 'b.o', undefined, 'declared'],
  ])
})

test('an argument more is one difference, not one for each that it moved', async () => {
  const argv = ['ld', 'a', 'b', 'c', 'd', 'e']
  const some = await compare({ ...base, argv }, { ...base, argv: ['ld', 'a', 'x', 'b', 'c', 'e', 'f'] })
  assert.equal(short(some), [
    ['argument', '2', undefined, 'x'],
    ['argument', '4', 'd', undefined],
    ['argument', '6', undefined, 'f'],
  ])
})

test('any two lists of arguments: applying the differences makes the one of the other', async () => {
  const lists = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(lists, lists, async (before, after) => {
      const { differences } = await compare({ ...base, argv: ['x', ...before] }, { ...base, argv: ['x', ...after] })
      const removed = new Set(differences.filter((d) => d.before !== undefined).map((d) => Number(d.subject)))
      for (const d of differences) {
        if (d.before !== undefined) assert.is(['x', ...before][Number(d.subject)], d.before)
        else assert.is(['x', ...after][Number(d.subject)], d.after)
      }
      const kept = ['x', ...before].filter((_, place) => !removed.has(place))
      const added = differences.flatMap((d) => d.after ?? [])
      assert.equal([...kept, ...added].sort(), ['x', ...after].sort())
    }),
  )
})

test('the platform is that of the Action, and a name may have several values', async () => {
  const before: ActionMessages = { ...base, platform: [['ISA', 'x86-64']] }
  const after: ActionMessages = {
    ...base,
    platform: [
      ['ISA', 'x86-64'],
      ['ISA', 'avx2'],
      ['OSFamily', 'linux'],
    ],
  }
  assert.equal(short(await compare(before, after)), [
    ['platform', 'ISA', 'x86-64', 'x86-64, avx2'],
    ['platform', 'OSFamily', undefined, 'linux'],
  ])
})

test('so are time limit, caching and salt', async () => {
  const after: ActionMessages = { ...base, timeoutMs: 1500, doNotCache: true, salt: 'n' }
  assert.equal(short(await compare(base, after)), [
    ['timeout', '', undefined, '1.5 s'],
    ['caching', '', 'cached', 'not cached'],
    ['salt', '', undefined, '6e'],
  ])
})

test('input files are named by path, whatever happened to them, and whole directories once', async () => {
  const same: TreeSpec = { deep: { directory: { 'same.h': 'same' } } }
  const before: TreeSpec = {
    ...same,
    'a.c': 'one',
    'gone.c': 'gone',
    link: { symlink: 'a.c' },
    src: { directory: { 'b.c': 'b', 'run.sh': '#!', lib: { directory: { 'x.h': 'x' } } } },
    old: { directory: { '1': '1', '2': '2' } },
    kind: 'a file',
  }
  const after: TreeSpec = {
    ...same,
    'a.c': 'two',
    'new.c': 'new',
    link: { symlink: 'b.c' },
    src: {
      directory: { 'b.c': 'b', 'run.sh': { content: '#!', executable: true }, lib: { directory: { 'x.h': 'y' } } },
    },
    kind: { directory: {} },
  }
  assert.equal(short(await compare({ ...base, inputs: before }, { ...base, inputs: after })), [
    ['input', 'a.c', file('one'), file('two')],
    ['input', 'gone.c', file('gone'), undefined],
    ['input', 'kind', file('a file'), 'directory'],
    ['input', 'link', 'symbolic link to a.c', 'symbolic link to b.c'],
    ['input', 'new.c', undefined, file('new')],
    ['input', 'old', 'directory', undefined],
    ['input', 'src/run.sh', file('#!'), `${file('#!')}, executable`],
    ['input', 'src/lib/x.h', file('x'), file('y')],
  ])
})

test('properties of files are part of them', async () => {
  const inputs = (mode: number): TreeSpec => {
    const properties = new NodeProperties().setUnixMode(new UInt32Value().setValue(mode))
    return { f: { content: 'f', properties } }
  }
  const compared = await compare({ ...base, inputs: inputs(0o644) }, { ...base, inputs: inputs(0o600) })
  assert.equal(short(compared), [['input', 'f', `${file('f')}, mode 644`, `${file('f')}, mode 600`]])
})

test('any two trees: what is named is what a comparison of all their paths says', async () => {
  const names = fc.constantFrom('a', 'b', 'c')
  const { tree } = fc.letrec<{ tree: TreeSpec; entry: TreeSpec[string] }>((tie) => ({
    tree: fc.dictionary(names, tie('entry'), { maxKeys: 3, noNullPrototype: true }) as fc.Arbitrary<TreeSpec>,
    entry: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom('1', '2'),
      fc.record({ directory: tie('tree') }),
    ) as fc.Arbitrary<TreeSpec[string]>,
  }))
  await fc.assert(
    fc.asyncProperty(tree, tree, async (before, after) => {
      const compared = await compare({ ...base, inputs: before }, { ...base, inputs: after })
      assert.equal(compared.differences.map((d) => d.subject).sort(), pathsThatDiffer(before, after).sort())
    }),
    { numRuns: 300 },
  )
})

test('what is alike is not read, and what is gone is named', async () => {
  const inputs = (content: string): TreeSpec => ({
    same: { directory: { big: 'big' } },
    lost: { directory: { x: content } },
    seen: { directory: { x: content } },
  })
  const store = new MemoryStore()
  const [first, second] = [buildAction({ ...base, inputs: inputs('1') }), buildAction({ ...base, inputs: inputs('2') })]
  const unneeded = buildAction({ ...base, inputs: { big: 'big' } }).inputRootDigest
  const lost = buildAction({ ...base, inputs: { x: '1' } }).inputRootDigest
  await second.upload(store, { except: [unneeded] })
  const digests = { before: first.digest, after: second.digest }
  await first.upload(store, { except: [unneeded, lost] })
  const compared = await compareActions({ cas: store, ...digests })
  // Both of them have the directory that is lost.
  assert.equal(compared.unknown, [
    `the directory lost of the first action (${lost}) is not in the store any more`,
    `the directory seen of the first action (${lost}) is not in the store any more`,
  ])
  assert.equal(compared.differences, [])
})

test('no more is named than was asked for', async () => {
  const tree = (content: string) => Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`f${n}`, content]))
  const some = await compare({ ...base, inputs: tree('1') }, { ...base, inputs: tree('2') }, { maxDifferences: 7 })
  assert.equal([some.differences.length, some.truncated], [7, true])
  const all = await compare({ ...base, inputs: tree('1') }, { ...base, inputs: tree('2') }, { maxDifferences: 50 })
  assert.equal([all.differences.length, all.truncated], [50, false])
})

test('a value of megabytes is cut', async () => {
  const argv = ['cc', 'x'.repeat(100_000)]
  const [difference] = (await compare({ ...base, argv: ['cc', 'y'] }, { ...base, argv })).differences
  assert.match(difference?.after ?? '', /^x{1000}… \(100000 characters\)$/)
})

test('tens of thousands of arguments, none in its place, take no table of all pairs', async () => {
  const argv = Array.from({ length: 20_000 }, (_, n) => `-D${n}`)
  const compared = await compare({ ...base, argv }, { ...base, argv: [...argv].reverse().slice(1) })
  assert.equal([compared.differences.length, compared.truncated], [100, true])
})

test('an Action that is not there, that is something else, or of another function is an error that says so', async () => {
  const cas = new MemoryStore()
  const action = buildAction(base)
  await action.upload(cas)
  const [text, absent] = [blobOf('no action at all, but a text'), blobOf('absent')]
  await cas.write(text.digest, text.bytes)
  const other = buildAction(base, await loadDigestFunction('sha1')).digest
  const codeOf = async (before: typeof text.digest) => {
    try {
      await compareActions({ cas, before, after: action.digest })
      return 'none'
    } catch (error) {
      return GoregoError.from(error).code
    }
  }
  assert.equal(
    [await codeOf(absent.digest), await codeOf(text.digest), await codeOf(other)],
    ['not-found', 'invalid-argument', 'invalid-argument'],
  )
})

function pathsThatDiffer(before: TreeSpec, after: TreeSpec, parent = ''): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const [left, right] = [before[name], after[name]]
    const [inLeft, inRight] = [treeOf(left), treeOf(right)]
    if (inLeft !== undefined && inRight !== undefined) return pathsThatDiffer(inLeft, inRight, `${parent}${name}/`)
    return left === right ? [] : [`${parent}${name}`]
  })
}

function treeOf(entry: TreeSpec[string] | undefined): TreeSpec | undefined {
  return typeof entry === 'object' && 'directory' in entry ? (entry.directory as TreeSpec) : undefined
}

test.run()
