import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { startGorego } from './gorego-process.js'

const run = promisify(execFile)
const examples = fileURLToPath(new URL('../../examples/', import.meta.url))
const echoHello = join(examples, 'echo-hello/echo-hello.js')
const buildTool = join(examples, 'embed-build-tool')
const esbuildApp = join(examples, 'esbuild-app')
const testRunner = join(examples, 'test-runner')

test('echo-hello in-process prints hello', async () => {
  const { stdout } = await run(process.execPath, [echoHello])
  assert.is(stdout, 'hello\n')
})

test('echo-hello against a running server prints hello, the second time from the action cache', async () => {
  const server = await startGorego()
  try {
    for (let round = 0; round < 2; round++) {
      const { stdout } = await run(process.execPath, [echoHello, server.address])
      assert.is(stdout, 'hello\n')
    }
  } finally {
    await server.stop()
  }
})

test('embed-build-tool compiles and bundles, does nothing the second time, and only what changed the third', async () => {
  const work = mkdtempSync(join(tmpdir(), 'gorego-example-'))
  try {
    cpSync(join(buildTool, 'src'), join(work, 'src'), { recursive: true })
    const flags = ['--src', join(work, 'src'), '--out', join(work, 'out'), '--cache', join(work, 'cache')]
    const build = async () => (await run(process.execPath, [join(buildTool, 'build.js'), ...flags])).stdout
    const app = async () => (await run(process.execPath, [join(work, 'out/app.js'), 'you'])).stdout

    assert.match(await build(), '4 ran, 0 cached')
    assert.is(await app(), 'HELLO, YOU!\n')
    copyFileSync(join(work, 'out/app.js'), join(work, 'first.js'))
    rmSync(join(work, 'out'), { recursive: true })

    assert.match(await build(), '0 ran, 4 cached')
    assert.is(readFileSync(join(work, 'out/app.js'), 'utf8'), readFileSync(join(work, 'first.js'), 'utf8'))

    const greeting = join(work, 'src/greeting.ts')
    writeFileSync(greeting, readFileSync(greeting, 'utf8').replace('hello', 'good day'))
    assert.match(await build(), '2 ran, 2 cached')
    assert.is(await app(), 'GOOD DAY, YOU!\n')

    writeFileSync(greeting, 'export const = nonsense')
    const failure = await build().then(
      () => assert.unreachable('a syntax error must fail the build'),
      (error: { stderr: string; code: number }) => error,
    )
    assert.is(failure?.code, 1)
    assert.match(failure?.stderr ?? '', 'compile greeting.ts failed')
    assert.match(failure?.stderr ?? '', 'Expected identifier')
  } finally {
    rmSync(work, { recursive: true })
  }
})

test('esbuild-app builds its pages, does nothing the second time, and then only what depends on what changed', async () => {
  const work = mkdtempSync(join(tmpdir(), 'gorego-example-'))
  try {
    cpSync(join(esbuildApp, 'src'), join(work, 'src'), { recursive: true })
    const src = (name: string) => join(work, 'src', name)
    const edit = (name: string, change: (text: string) => string) =>
      writeFileSync(src(name), change(readFileSync(src(name), 'utf8')))
    const flags = ['--src', join(work, 'src'), '--out', join(work, 'out'), '--cache', join(work, 'cache')]
    const build = async () => (await run(process.execPath, [join(esbuildApp, 'build.js'), ...flags])).stdout
    const page = () => readFileSync(join(work, 'out/index.html'), 'utf8')

    assert.match(await build(), '6 ran, 0 cached, 0 failed')
    assert.match(page(), /<script type="module">\n.*hello, .*<\/script>/s)
    rmSync(join(work, 'out'), { recursive: true })
    assert.match(await build(), '0 ran, 6 cached, 0 failed')
    assert.match(page(), 'hello, ')

    edit('lib/greeting.ts', (text) => text.replace('hello', 'good day'))
    assert.match(
      await build(),
      /cached {2}check admin.ts.*done {4}bundle main.ts.*done {4}index.html\n3 ran, 3 cached/s,
    )
    assert.match(page(), 'good day, ')
    edit('lib/element.ts', (text) => `// For both.\n${text}`)
    assert.match(await build(), '4 ran, 2 cached, 0 failed', 'the bundles are what they were: the pages, too')
    edit('lib/name.ts', (text) => text.replace('}', '  readonly last?: string\n}'))
    assert.match(await build(), '2 ran, 4 cached, 0 failed')

    edit('main.ts', (text) => text.replace("'you'", '1'))
    const failed = await build().catch((error: { stdout: string; code: number }) => error)
    assert.is((failed as { code?: number }).code, 1)
    assert.match((failed as { stdout: string }).stdout, /failed .*src\/main.ts.*error TS2345/)
    assert.match((failed as { stdout: string }).stdout, '2 ran, 3 cached, 1 failed')
  } finally {
    rmSync(work, { recursive: true })
  }
})

test('esbuild-app watches, and shares what it builds through a cache', async () => {
  const work = mkdtempSync(join(tmpdir(), 'gorego-example-'))
  const server = await startGorego()
  try {
    cpSync(join(esbuildApp, 'src'), join(work, 'src'), { recursive: true })
    const flags = ['--src', join(work, 'src'), '--out', join(work, 'out'), '--remote', server.address]
    const program = [join(esbuildApp, 'build.js'), ...flags]
    const watching = spawn(process.execPath, [...program, '--cache', join(work, 'here'), '--watch'])
    const ended = once(watching, 'exit')
    let printed = ''
    watching.stdout.on('data', (chunk) => {
      printed += chunk
    })
    const isPrinted = async (words: string) => {
      while (!printed.includes(words)) {
        const what = await Promise.race([once(watching.stdout, 'data').then(() => 'more'), ended])
        assert.is(what, 'more', `it ended, having printed:\n${printed}`)
      }
    }
    await isPrinted('6 ran, 0 cached, 0 failed')
    writeFileSync(join(work, 'src/lib/shout.ts'), "export const shout = (text: string) => text + '!!'\n")
    await isPrinted('3 ran, 3 cached, 0 failed')
    renameSync(join(work, 'src/admin.html'), join(work, 'src/renamed.html'))
    await isPrinted('1 ran, 5 cached, 0 failed')
    watching.kill('SIGTERM')
    assert.equal(await ended, [0, null])
    const { stdout } = await run(process.execPath, [...program, '--cache', join(work, 'elsewhere')])
    assert.match(stdout, '0 ran, 6 cached, 0 failed')
  } finally {
    await server.stop()
    rmSync(work, { recursive: true })
  }
})

test('test-runner runs a test when a file that it imports has changed, and not otherwise', async () => {
  const work = mkdtempSync(join(tmpdir(), 'gorego-example-'))
  try {
    for (const part of ['src', 'test']) cpSync(join(testRunner, part), join(work, part), { recursive: true })
    const flags = ['--dir', work, '--cache', join(work, 'cache')]
    const runTests = () => run(process.execPath, [join(testRunner, 'run-tests.js'), ...flags])
    assert.match((await runTests()).stdout, '2 ran, 0 cached, 0 failed')
    assert.match((await runTests()).stdout, '0 ran, 2 cached, 0 failed')

    const add = join(work, 'src/add.js')
    writeFileSync(add, `// Another one.\n${readFileSync(add, 'utf8')}`)
    assert.match((await runTests()).stdout, /cached shout.spec.js\ndone {3}sum.spec.js\n1 ran, 1 cached, 0 failed/)

    writeFileSync(add, 'export const add = (a, b) => a * b')
    const failure = await runTests().catch((error: { stdout: string; code: number }) => error)
    assert.match(failure.stdout, /failed "sum.spec.js" failed with exit code 1: .*AssertionError/s)
    assert.match(failure.stdout, '0 ran, 1 cached, 1 failed')
    assert.is((failure as { code?: number }).code, 1)
  } finally {
    rmSync(work, { recursive: true })
  }
})

test.run()
