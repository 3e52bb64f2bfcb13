// The programs that the documents show, run as they stand.
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGorego } from './gorego-process.js'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))

/** The JavaScript of a document, block by block. */
function snippets(document: string): string[] {
  const text = readFileSync(join(repository, document), 'utf8')
  return [...text.matchAll(/^```js\n(.*?)^```$/gms)].map((match) => match[1] ?? '')
}

/** The only one below a heading. */
function snippetBelow(heading: string, document: string): string {
  const text = readFileSync(join(repository, document), 'utf8')
  const section = text.split(/^(?=#+ )/m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const [program, ...others] = section.matchAll(/^```js\n(.*?)^```$/gms)
  assert.ok(program?.[1] !== undefined && others.length === 0, `${document} has not one snippet below ${heading}`)
  return program[1]
}

/** Runs a program in a directory that has the packages installed and the documents' files in it. */
async function runTwice(program: string): Promise<{ first: string; second: string; read: (path: string) => string }> {
  const directory = mkdtempSync(join(tmpdir(), 'gorego-snippet-'))
  try {
    mkdirSync(join(directory, 'node_modules/@gorego'), { recursive: true })
    for (const name of ['core', 'server'])
      symlinkSync(join(repository, 'packages', name), join(directory, 'node_modules/@gorego', name))
    symlinkSync(join(repository, 'node_modules/uvu'), join(directory, 'node_modules/uvu'))
    cpSync(join(repository, 'README.md'), join(directory, 'README.md'))
    writeFileSync(join(directory, 'words.txt'), 'b\na\n')
    cpSync(join(repository, 'docs'), join(directory, 'docs'), { recursive: true })
    writeFileSync(join(directory, 'snippet.mjs'), program)
    const once = async () => (await run(process.execPath, ['snippet.mjs'], { cwd: directory })).stdout
    const first = await once()
    const second = await once()
    const files = new Map([['dist/out.txt', tryRead(join(directory, 'dist/out.txt'))]])
    return { first, second, read: (path) => files.get(path) ?? '' }
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

test('README.md: the embedded run works, and is cached the second time', async () => {
  const programs = snippets('README.md')
  assert.is(programs.length, 1)
  const { first, second, read } = await runTwice(programs[0] ?? '')
  assert.is(first, '0 false done\n\n')
  assert.is(second, '0 true done\n\n')
  assert.is(
    read('dist/out.txt'),
    readFileSync(join(repository, 'README.md'), 'utf8').replace(/[a-z]/g, (c) => c.toUpperCase()),
  )
})

test('docs/embedding.md: what a command prints comes to its streams, cached or not', async () => {
  const { first, second } = await runTwice(snippetBelow('## What it prints, as it comes', 'docs/embedding.md'))
  assert.equal([first, second], ['compiling\ncompiled\n', 'compiling\ncompiled\n'])
})

test('docs/embedding.md: the inputs by pattern are those that it names', async () => {
  const { first } = await runTwice(snippetBelow('## Inputs by pattern', 'docs/embedding.md'))
  const decisions = readdirSync(join(repository, 'docs/decisions')).filter((name) => name.endsWith('.md'))
  assert.is(first, `README.md\ndocs\n${decisions.length}\n\n`)
})

test('docs/embedding.md: outputs become hard links, again and again', async () => {
  const { first, second } = await runTwice(snippetBelow('## Outputs as files', 'docs/embedding.md'))
  assert.equal([first, second], ['2 0 0\n', '2 0 0\n'])
})

test('docs/embedding.md: what made an action run is named', async () => {
  const { first } = await runTwice(snippetBelow('## Why did it run again?', 'docs/embedding.md'))
  assert.is(first, "changed [ 'input main.txt' ]\n")
})

test('docs/embedding.md: the graph works, and is cached the second time', async () => {
  const { first, second } = await runTwice(snippetBelow('## Graphs', 'docs/embedding.md'))
  assert.is(first, '3 0 ONE\nTWO\n\n')
  assert.is(second, '0 3 ONE\nTWO\n\n')
})

test('docs/embedding.md: the example works, and is cached the second time', async () => {
  const { first, second } = await runTwice(snippetBelow('# Embedding the engine', 'docs/embedding.md'))
  assert.match(first, /^0 false packed\n/)
  assert.match(second, /^0 true packed\n/)
})

test('docs/embedding.md: an executor shares what it has run with another one, and works without the cache', async () => {
  const server = await startGorego()
  try {
    const here = (program: string) => program.replace('grpc://127.0.0.1:50051', server.address)
    const program = here(snippetBelow('## A cache that is shared', 'docs/embedding.md'))
    assert.match(program, server.address)
    assert.is((await runTwice(program)).first, 'false shared\n')
    // In a directory of its own, with nothing.
    assert.is((await runTwice(program)).first, 'true shared\n')
    await server.stop()
    assert.is((await runTwice(program)).first, 'false shared\n')
  } finally {
    await server.kill()
  }
})

test('docs/embedding.md: a store is held to the contract', async () => {
  const program = snippetBelow('## Composing an engine of your own', 'docs/embedding.md')
  const [, total, passed] = /Total: +(\d+)\s+Passed: +(\d+)/.exec((await runTwice(program)).first) ?? []
  assert.ok(Number(total) > 10 && passed === total, `${passed} of ${total}`)
})

test('packages/core/README.md: the example works, and is cached the second time', async () => {
  const [program = ''] = snippets('packages/core/README.md')
  const { first, second } = await runTwice(program)
  assert.equal([first, second], ['0 false\n', '0 true\n'])
})

test('packages/server/README.md: on another machine, with a shared cache, and a server of your own', async () => {
  const [remote = '', shared = '', own = ''] = snippets('packages/server/README.md')
  const server = await startGorego()
  try {
    const here = (program: string) => program.replace('grpc://127.0.0.1:50051', server.address)
    assert.is((await runTwice(here(remote))).first, 'hello\n\n')
    assert.match((await runTwice(here(shared))).first, /shared\n/)
  } finally {
    await server.kill()
  }
  assert.match((await runTwice(own)).first, /^127\.0\.0\.1:\d+ \d+\n$/)
})

test('every snippet in a language is tried', () => {
  // A new one needs a test, and its place here. Those in YAML: packages/server/test/config-snippets.test.ts.
  const tried = new Map([
    ['README.md js', 1],
    ['SECURITY.md yaml', 1],
    ['docs/configuration.md yaml', 1],
    ['docs/embedding.md js', 8],
    ['packages/core/README.md js', 1],
    ['packages/server/README.md js', 3],
  ])
  const found = new Map<string, number>()
  const inDocs = readdirSync(join(repository, 'docs')).map((name) => `docs/${name}`)
  const inPackages = ['core', 'server', 'cli'].map((name) => `packages/${name}/README.md`)
  const all = ['README.md', 'SECURITY.md', 'CONTRIBUTING.md', ...inPackages, ...inDocs].filter((path) =>
    path.endsWith('.md'),
  )
  for (const document of all) {
    const text = readFileSync(join(repository, document), 'utf8')
    for (const [, language] of text.matchAll(/^ *```(\w+)$/gm)) {
      const key = `${document} ${language}`
      found.set(key, (found.get(key) ?? 0) + 1)
    }
  }
  assert.equal([...found].sort(), [...tried].sort())
})

test.run()
