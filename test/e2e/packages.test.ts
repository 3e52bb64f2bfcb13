// The packages as a stranger gets them: packed, installed with npm into an empty directory, and used from there.
import { execFile, spawn } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { onExit, startGorego, within } from './gorego-process.js'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))
const tsc = join(repository, 'node_modules/typescript/bin/tsc')
const { packageManager } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8'))

// pnpm, on a Node that can, keeps compiled code in the temporary directory.
process.env.NODE_DISABLE_COMPILE_CACHE = '1'

const directory = mkdtempSync(join(tmpdir(), 'gorego-packed-'))
const forget = onExit(() => rmSync(directory, { recursive: true, force: true }))

// Not in a hook: uvu swallows what a hook throws.
async function install(): Promise<void> {
  if (!existsSync(join(repository, 'packages/core/dist/index.d.ts'))) {
    await run(process.execPath, [join(repository, 'scripts/build.mjs')])
  }
  const tarballs = join(directory, 'tarballs')
  mkdirSync(tarballs)
  for (const name of ['core', 'server', 'cli']) {
    const args = ['-y', packageManager, 'pack', '--pack-destination', tarballs]
    await run('npx', args, { cwd: join(repository, 'packages', name) })
  }
  writeFileSync(join(directory, 'package.json'), '{ "private": true, "type": "module" }')
  const files = readdirSync(tarballs).map((name) => join(tarballs, name))
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...files], { cwd: directory })
}

await install()
const packed = suite('packed packages')

packed('npx gorego start serves, and stops on SIGTERM with exit code 0', async () => {
  const { stdout } = await run('npx', ['--no', 'gorego', '--version'], { cwd: directory })
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/)
  process.env.GOREGO_CLI = join(directory, 'node_modules/gorego/bin/gorego.js')
  const server = await startGorego()
  delete process.env.GOREGO_CLI
  await server.stop()
})

packed('BLAKE3 comes with the packages', async () => {
  const args = [
    '--no',
    'gorego',
    'run',
    '--dir',
    'cache-of-blake3',
    '--digest-function',
    'blake3',
    '--',
    'echo',
    'packed',
  ]
  const { stdout } = await run('npx', args, { cwd: directory })
  assert.is(stdout, 'packed\n')
  assert.ok(existsSync(join(directory, 'cache-of-blake3/cas/blake3')))
})

packed('ending npx ends the server', async () => {
  const args = ['--no', 'gorego', 'start', '--listen', '127.0.0.1:0', '--dir', join(directory, 'cache')]
  const npx = spawn('npx', args, { cwd: directory, stdio: ['ignore', 'pipe', 'ignore'] })
  // The server holds npx's standard output: that it is closed means that the server is gone, too.
  const closed = new Promise<void>((resolve) => npx.once('close', () => resolve()))
  let printed = ''
  npx.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    if (printed.includes('gorego ready on grpc://127.0.0.1:')) npx.kill('SIGTERM')
  })
  await within(60_000, closed)
  assert.match(printed, 'gorego ready on grpc://127.0.0.1:')
  assert.equal(readdirSync(join(directory, 'cache/run')), [], 'the server cleaned up')
})

packed('JavaScript and TypeScript import the engine', async () => {
  writeFileSync(
    join(directory, 'use.ts'),
    `import { LocalExecutor, reapi, type RunResult } from '@gorego/core'
import { casContract } from '@gorego/core/testing'
import { RemoteExecutor, startServer } from '@gorego/server'

const command: reapi.Command = new reapi.Command().setArgumentsList(['a'])
const format: reapi.OutputDirectoryFormatValue = command.getOutputDirectoryFormat()
const executor: LocalExecutor = await LocalExecutor.open({ root: 'cache-of-use' })
const result: RunResult = await executor.run({ argv: ['/bin/echo', 'from a package'] })
console.log(result.stdout.trim(), format, typeof casContract, typeof RemoteExecutor.connect, typeof startServer)
await executor.close()
`,
  )
  const options = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--strict', '--types', 'node']
  const typeRoots = ['--typeRoots', join(repository, 'node_modules/@types')]
  for (const resolution of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const) {
    const modules = ['--module', resolution[0], '--moduleResolution', resolution[1]]
    const args = [tsc, ...options, ...typeRoots, ...modules, '--skipLibCheck', 'false', 'use.ts']
    await run(process.execPath, args, { cwd: directory }).catch((error: { stdout: string }) => {
      throw new Error(`${resolution[1]}: ${error.stdout}`)
    })
  }
  const { stdout } = await run(process.execPath, ['use.js'], { cwd: directory })
  assert.is(stdout, 'from a package 0 function function function\n')
})

packed('the launcher comes along, and can be run', () => {
  const launcher = `dist/launcher-${process.platform}-${process.arch}`
  if (!existsSync(join(repository, 'packages/core', launcher))) {
    console.log('SKIP packages: no native launcher was built (no C compiler: apt-get install gcc libc6-dev)')
    return
  }
  accessSync(join(directory, 'node_modules/@gorego/core', launcher), constants.X_OK)
})

packed('each package says what it is, and ships its code and licence only', () => {
  for (const name of ['@gorego/core', '@gorego/server', 'gorego']) {
    const files = readdirSync(join(directory, 'node_modules', name)).sort()
    const expected =
      name === 'gorego'
        ? ['LICENSE', 'README.md', 'bin', 'dist', 'package.json']
        : ['LICENSE', 'README.md', 'dist', 'package.json']
    assert.equal(
      files.filter((file) => file !== 'node_modules'),
      expected,
      name,
    )
  }
})

packed.after(() => {
  forget()
  rmSync(directory, { recursive: true })
})

packed.run()
