// A build tool that is bundled still finds its runner: beside it as an installed package, or where it says.
import { execFile } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const run = promisify(execFile)
const core = fileURLToPath(new URL('../../packages/core', import.meta.url))
const require = createRequire(fileURLToPath(new URL('../../examples/embed-build-tool/package.json', import.meta.url)))
const esbuild = createRequire(require.resolve('esbuild')).resolve(
  `@esbuild/${process.platform}-${process.arch}/bin/esbuild`,
)

const TOOL = `
import { LocalExecutor } from '@gorego/core'
const executor = await LocalExecutor.open({ root: process.argv[2], ...OPTIONS })
const result = await executor.run({ argv: ['/bin/echo', 'bundled'] })
process.stdout.write(result.stdout)
await executor.close()
`

/** Bundles the tool, everything inside, into an otherwise empty directory. */
async function bundle(directory: string, options: string): Promise<string> {
  const source = join(directory, 'source')
  mkdirSync(join(source, 'node_modules/@gorego'), { recursive: true })
  symlinkSync(core, join(source, 'node_modules/@gorego/core'))
  writeFileSync(join(source, 'tool.mjs'), TOOL.replace('OPTIONS', options))
  const bundled = join(directory, 'bundled')
  mkdirSync(bundled)
  const output = join(bundled, 'tool.mjs')
  await run(esbuild, [join(source, 'tool.mjs'), '--bundle', '--platform=node', '--format=esm', `--outfile=${output}`])
  rmSync(source, { recursive: true })
  return output
}

async function inDirectory(use: (directory: string) => Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'gorego-bundling-'))
  try {
    await use(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

test('a bundle with the package installed beside it finds the runner there', () =>
  inDirectory(async (directory) => {
    const tool = await bundle(directory, '{}')
    mkdirSync(join(directory, 'bundled/node_modules/@gorego'), { recursive: true })
    symlinkSync(core, join(directory, 'bundled/node_modules/@gorego/core'))
    assert.is((await run(process.execPath, [tool, join(directory, 'cache')])).stdout, 'bundled\n')
  }))

test('a bundle that stands alone runs with a copy of the runner', () =>
  inDirectory(async (directory) => {
    const tool = await bundle(directory, `{ runner: new URL('./runner.mjs', import.meta.url).pathname }`)
    copyFileSync(join(core, 'dist/runner.js'), join(directory, 'bundled/runner.mjs'))
    assert.is((await run(process.execPath, [tool, join(directory, 'cache')])).stdout, 'bundled\n')
  }))

test('DIG-09: a bundle that stands alone computes BLAKE3, in the tool and in the runner', () =>
  inDirectory(async (directory) => {
    const options = `{ digestFunction: 'blake3', runner: new URL('./runner.mjs', import.meta.url).pathname }`
    const tool = await bundle(directory, options)
    copyFileSync(join(core, 'dist/runner.js'), join(directory, 'bundled/runner.mjs'))
    assert.is((await run(process.execPath, [tool, join(directory, 'cache')])).stdout, 'bundled\n')
    assert.ok(existsSync(join(directory, 'cache/cas/blake3')))
  }))

test('a bundle without a runner says what to do', () =>
  inDirectory(async (directory) => {
    const tool = await bundle(directory, '{}')
    const failure = await run(process.execPath, [tool, join(directory, 'cache')]).then(
      () => assert.unreachable('there is no runner'),
      (error: { stderr: string }) => error,
    )
    assert.match(failure?.stderr ?? '', 'copy its dist/runner.js and pass the copy as `runner`')
  }))

test.run()
