import { execFile } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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
