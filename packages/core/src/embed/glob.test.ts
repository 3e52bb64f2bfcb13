import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MemoryStore } from '../cas/index.js'
import { SHA256 } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { temporaryDirectory } from '../testing/temporary-directory.js'
import { compileGlob } from './glob-patterns.js'
import { storeInputTree } from './input-tree.js'
import { content, directory, type GlobOptions, glob, type Inputs } from './inputs.js'
import { KnownFiles } from './known-files.js'
import { readDirectory } from './read-directory.js'

const here = temporaryDirectory()
const path = (name: string) => join(here.path, name)
const project = path('project')
test.before(() => {
  const files = [
    'package.json',
    '.env',
    'src/main.ts',
    'src/main.test.ts',
    'src/deep/er/lib.ts',
    'src/deep/er/lib.test.ts',
    'src/.hidden/x.ts',
    'src/[id].ts',
    'node_modules/x/index.ts',
    'node_modules/x/node_modules/y/index.ts',
  ]
  for (const name of files) {
    mkdirSync(dirname(join(project, name)), { recursive: true })
    writeFileSync(join(project, name), name)
  }
  mkdirSync(path('outside'))
  writeFileSync(path('outside/secret.ts'), 'secret')
  symlinkSync(path('outside'), join(project, 'src/away'))
  symlinkSync('main.ts', join(project, 'src/link.ts'))
})
test.after(() => here[Symbol.dispose]())

/** Where files and links are put, in the order of their names. */
async function placed(inputs: Inputs): Promise<string[]> {
  const cas = new MemoryStore()
  const walk = async (digest: Parameters<typeof readDirectory>[1], prefix: string): Promise<string[]> => {
    const entries = await readDirectory(cas, digest)
    const texts = entries.map(async (entry) => {
      if (entry.kind === 'directory') return await walk(entry.digest, `${prefix}${entry.name}/`)
      return [`${prefix}${entry.name}${entry.kind === 'symlink' ? ` -> ${entry.target}` : ''}`]
    })
    return (await Promise.all(texts)).flat()
  }
  return (await walk(await storeInputTree(inputs, { cas, fn: SHA256 }), '')).sort()
}

const matches = (patterns: string | readonly string[], options: Partial<GlobOptions> = {}) =>
  placed({ '.': glob(patterns, { from: project, ...options }) })

async function refused(inputs: Inputs): Promise<string> {
  const error = await placed(inputs).catch((thrown) => thrown)
  assert.instance(error, GoregoError, String(error))
  assert.is(error.code, 'invalid-argument')
  return error.message
}

test('patterns say what is wanted, and those with ! what is not, wherever they stand', async () => {
  const wanted = ['package.json', 'src/[id].ts', 'src/deep/er/lib.ts', 'src/link.ts -> main.ts', 'src/main.ts']
  assert.equal(await matches(['package.json', 'src/**/*.ts', '!**/*.test.ts']), wanted)
  assert.equal(await matches(['!**/*.test.ts', 'src/**/*.ts', './package.json']), wanted)
})

test('a directory that is left out is left out with everything in it', async () => {
  for (const pattern of ['!node_modules', '!**/node_modules', '!node_modules/**', '!**/node_modules/**'])
    assert.equal(
      (await matches(['**/*.ts', pattern])).filter((name) => name.startsWith('node_modules')),
      [],
      pattern,
    )
  assert.equal(await matches(['node_modules/**', '!**/node_modules/*/node_modules']), ['node_modules/x/index.ts'])
})

test('names that begin with a dot are matched by what has one, or by everything if asked', async () => {
  assert.equal(await matches('*'), ['package.json'])
  assert.equal(await matches('.*'), ['.env'])
  assert.equal(await matches('*', { dotfiles: true }), ['.env', 'package.json'])
  assert.equal(await matches('src/.hidden/*'), ['src/.hidden/x.ts'])
  assert.equal(await matches('**/.hidden/*'), ['src/.hidden/x.ts'])
  assert.equal(await matches(['*', '!*v'], { dotfiles: true }), ['package.json'], 'what leaves out asks for no dot')
})

test('braces and classes; a backslash takes what is special away', async () => {
  assert.equal(await matches('{package.json,src/deep/**}'), [
    'package.json',
    'src/deep/er/lib.test.ts',
    'src/deep/er/lib.ts',
  ])
  assert.equal(await matches('src/\\[id\\].ts'), ['src/[id].ts'])
  assert.equal(await matches('src/[k-m]ain.ts'), ['src/main.ts'])
  assert.equal(await matches(['src/*[[]id].ts', '!\\[/]'], { allowEmpty: true }), ['src/[id].ts'])
})

test('symbolic links stay links; nothing behind one is looked at', async () => {
  assert.equal(await matches('src/link.ts'), ['src/link.ts -> main.ts'])
  assert.equal(await matches('src/away'), [`src/away -> ${path('outside')}`])
  assert.match(await refused({ '.': glob('src/away/**', { from: project }) }), 'matches no file')
})

test('from may be a symbolic link; paths count from it', async () => {
  symlinkSync(project, path('linked'))
  assert.equal(await placed({ 'a/b': glob('src/main.ts', { from: path('linked') }) }), ['a/b/src/main.ts'])
})

test('globs, directories and files share the tree, but not a path', async () => {
  const more = { 'src/deep': glob('*.json', { from: project }), 'src/made.ts': content('made') }
  assert.equal(await placed({ '.': glob('src/main.ts', { from: project }), ...more }), [
    'src/deep/package.json',
    'src/made.ts',
    'src/main.ts',
  ])
  assert.match(
    await refused({ '.': glob('src/main.ts', { from: project }), 'src/main.ts': content('') }),
    '"src/main.ts" collides',
  )
  assert.equal(await placed({ '.': directory(path('outside')) }), ['secret.ts'])
  assert.match(await refused({ '.': content('') }), '"." is for directories and globs')
})

test('a pattern that matches nothing is an error that says what to do, unless that is fine', async () => {
  const message = async (...patterns: string[]) => await refused({ '.': glob(patterns, { from: project }) })
  assert.is(
    await message('*.json', 'lib/*.ts'),
    `the glob pattern "lib/*.ts" matches no file below ${project} that is not left out; allowEmpty says that this is fine`,
  )
  assert.match(await message('src'), /that is not left out, but a directory: "src\/\*\*" is everything in it$/)
  assert.match(await message('package.json', '!*.json'), 'matches no file')
  assert.equal(await matches(['lib/*.ts', 'src/*.js'], { allowEmpty: true }), [])
})

test('patterns that are none, or lead out, are refused', async () => {
  for (const [pattern, why] of [
    ['', 'is empty'],
    ['./', 'is empty'],
    ['/etc/*', 'is absolute'],
    ['../*', 'leads nowhere or up'],
    ['a/../../x', 'leads nowhere or up'],
    ['!../x', 'leads nowhere or up'],
    ['a//b', 'leads nowhere or up'],
    ['src/', 'leads nowhere or up'],
    ['src[/]main.ts', 'has a slash between [ and ]'],
    ['!src[^/]main.ts', 'has a slash between [ and ]'],
    ['src[]/]main.ts', 'has a slash between [ and ]'],
    ['a\0', 'NUL'],
    ['a'.repeat(5000), 'more than 4096'],
  ] as const)
    assert.match(await refused({ '.': glob(['**', pattern], { from: project }) }), why)
  assert.match(await refused({ '.': glob('!x', { from: project }) }), 'no pattern that says what is wanted')
  assert.match(await refused({ '.': glob([], { from: project }) }), 'no pattern that says what is wanted')
  assert.match(await refused({ '.': glob('**', { from: path('nowhere') }) }), `${path('nowhere')} cannot be read`)
})

test('what is no file, directory or link is refused where it matches, and passed over where not', async () => {
  execFileSync('mkfifo', [path('project/pipe')])
  assert.match(await refused({ '.': glob('p*', { from: project }) }), 'pipe is neither a file')
  assert.equal(await matches('*.json'), ['package.json'])
})

test('directories in which nothing can match are not opened', async () => {
  const opens = async (patterns: readonly string[], directories: readonly string[]) => {
    const { mayHold } = await compileGlob(patterns, false)
    return directories.filter(mayHold)
  }
  const directories = ['node_modules', '.git', 'src', 'src/deep', 'src/.hidden', 'src/deep/er']
  assert.equal(await opens(['package.json'], directories), [])
  assert.equal(await opens(['src/*/*.ts', '*.json'], directories), ['src', 'src/deep'])
  assert.equal(await opens(['src/**/*.ts'], directories), ['src', 'src/deep', 'src/deep/er'])
  assert.equal(await opens(['**/*.ts', '!node_modules', '!src/deep/**'], directories), ['src'])
})

test('no class stands for a slash, also where one is in its range', async () => {
  for (const pattern of ['a[,-0]b', 'a[[:punct:]]b', 'a[,-0]b/**']) {
    const { matches, mayHold } = await compileGlob([pattern], false)
    assert.equal([matches('a/b'), matches('a/b/c'), mayHold('a')], [false, false, false], pattern)
  }
  const { matches } = await compileGlob(['a[,-0]b'], false)
  assert.ok(matches('a-b'))
})

test('files that have not changed are not read again', async () => {
  const cas = new MemoryStore()
  const knownFiles = new KnownFiles({ fn: SHA256, now: () => Date.now() + 60_000 })
  const inputs = { '.': glob('src/*.ts', { from: project }) }
  const first = await storeInputTree(inputs, { cas, fn: SHA256, knownFiles })
  assert.is(knownFiles.size, 3)
  assert.ok((await storeInputTree(inputs, { cas, fn: SHA256, knownFiles })).equals(first))
})

test.run()
