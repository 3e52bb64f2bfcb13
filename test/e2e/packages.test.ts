// The packages as a stranger gets them: packed, installed into an empty directory with npm and with pnpm, and used from there.
import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onExit } from '@gorego/bench/clean-up'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { startGorego, within } from './gorego-process.js'
import { installPacked, type PackageManager, packageManagers, packPackages } from './packed-packages.js'

const run = promisify(execFile)
const repository = fileURLToPath(new URL('../../', import.meta.url))
const tsc = join(repository, 'node_modules/typescript/bin/tsc')
const STARTS = 9

const useFromTypeScript = `import { LocalExecutor, reapi, type RunResult } from '@gorego/core'
import { casContract } from '@gorego/core/testing'
import { RemoteExecutor, startServer } from '@gorego/server'

const command: reapi.Command = new reapi.Command().setArgumentsList(['a'])
const format: reapi.OutputDirectoryFormatValue = command.getOutputDirectoryFormat()
const executor: LocalExecutor = await LocalExecutor.open({ root: 'cache-of-use' })
const result: RunResult = await executor.run({ argv: ['/bin/echo', 'from a package'] })
console.log(result.stdout.trim(), format, typeof casContract, typeof RemoteExecutor.connect, typeof startServer)
await executor.close()
`

const top = mkdtempSync(join(tmpdir(), 'gorego-packed-'))
const forget = onExit(() => rmSync(top, { recursive: true, force: true }))

// Not in a hook: uvu swallows what a hook throws.
const tarballs = await packPackages(join(top, 'tarballs'))
for (const manager of packageManagers) {
  const directory = join(top, manager)
  const reason = await installPacked(manager, directory, tarballs)
  if (reason === undefined) testsIn(manager, directory)
  else console.log(`SKIP packages: ${reason}`)
}

function testsIn(manager: PackageManager, directory: string): void {
  const packed = suite(`packages installed with ${manager}`)
  // npx and pnpm exec both start this file.
  const gorego = join(directory, 'node_modules/.bin/gorego')
  const node = (...args: string[]) => run(process.execPath, args, { cwd: directory })

  packed('gorego start serves, executes what it is sent, and stops on SIGTERM with exit code 0', async () => {
    const { stdout: version } = await run(gorego, ['--version'], { cwd: directory })
    assert.match(version, /^\d+\.\d+\.\d+\n$/)
    writeFileSync(
      join(directory, 'hello.js'),
      `import { RemoteExecutor } from '@gorego/server'
const executor = await RemoteExecutor.connect(process.argv[2])
const result = await executor.run({ argv: ['/bin/echo', 'hello'] })
console.log(result.exitCode, result.cached, result.stdout.trim())
await executor.close()
`,
    )
    process.env.GOREGO_CLI = gorego
    const server = await startGorego().finally(() => delete process.env.GOREGO_CLI)
    try {
      assert.is((await node('hello.js', server.address)).stdout, '0 false hello\n')
      assert.is((await node('hello.js', server.address)).stdout, '0 true hello\n')
    } finally {
      await server.stop()
    }
  })

  packed('BLAKE3 comes with the packages', async () => {
    const args = ['run', '--dir', 'cache-of-blake3', '--digest-function', 'blake3', '--', 'echo', 'packed']
    const { stdout } = await run(gorego, args, { cwd: directory })
    assert.is(stdout, 'packed\n')
    assert.ok(existsSync(join(directory, 'cache-of-blake3/cas/blake3')))
  })

  packed('TypeScript imports the engine, however it looks for modules', async () => {
    writeFileSync(join(directory, 'use.ts'), useFromTypeScript)
    const options = ['--target', 'es2022', '--lib', 'es2023,esnext.disposable', '--strict', '--types', 'node']
    const typeRoots = ['--typeRoots', join(repository, 'node_modules/@types')]
    for (const [module, resolution] of [
      ['nodenext', 'nodenext'],
      ['esnext', 'bundler'],
    ] as const) {
      rmSync(join(directory, 'use.js'), { force: true })
      const modules = ['--module', module, '--moduleResolution', resolution]
      await node(tsc, ...options, ...typeRoots, ...modules, '--skipLibCheck', 'false', 'use.ts').catch(
        (error: { stdout: string }) => {
          throw new Error(`${resolution}: ${error.stdout}`)
        },
      )
      assert.is((await node('use.js')).stdout, 'from a package 0 function function function\n', resolution)
    }
  })

  packed('JavaScript requires it, too', async () => {
    writeFileSync(
      join(directory, 'use.cjs'),
      `const { LocalExecutor } = require('@gorego/core')
const { casContract } = require('@gorego/core/testing')
const { startServer } = require('@gorego/server')
LocalExecutor.open({ root: 'cache-of-require' }).then(async (executor) => {
  const { stdout } = await executor.run({ argv: ['/bin/echo', 'required'] })
  console.log(stdout.trim(), typeof casContract, typeof startServer)
  await executor.close()
})
`,
    )
    const { stdout, stderr } = await node('use.cjs')
    assert.is(stdout, 'required function function\n')
    assert.is(stderr, '', 'no warning')
  })

  if (manager === 'npm') npxTests(packed, directory)
  packed.run()
}

function npxTests(packed: ReturnType<typeof suite>, directory: string): void {
  const program = join(directory, 'node_modules/gorego/bin/gorego.js')
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
    await within(HANG_BOUND_MS, closed)
    assert.match(printed, 'gorego ready on grpc://127.0.0.1:')
    assert.equal(readdirSync(join(directory, 'cache/run')), [], 'the server cleaned up')
  })

  packed('what it takes is printed', async () => {
    process.env.GOREGO_CLI = program
    const bare: number[] = []
    const ready: number[] = []
    const cpu: number[] = []
    try {
      for (let i = 0; i < STARTS; i++) {
        bare.push(await milliseconds(() => run(process.execPath, ['-e', '0'])))
        let server: Awaited<ReturnType<typeof startGorego>> | undefined
        ready.push(
          await milliseconds(async () => {
            // As a user starts it: with the sandbox, if one works here.
            server = await startGorego([], { env: { GOREGO_EXECUTION_SANDBOX: 'auto' } })
          }),
        )
        if (server !== undefined) cpu.push(cpuSeconds(server.pid))
        await server?.stop()
      }
    } finally {
      delete process.env.GOREGO_CLI
    }
    const { stdout } = await run('du', ['-sk', 'node_modules'], { cwd: directory })
    const beyond = Math.min(...ready) - Math.min(...bare)
    console.log(`FIGURE installed: ${Math.round(Number.parseInt(stdout, 10) / 1024)} MiB`)
    console.log(
      `FIGURE start to ready: ${Math.round(beyond)} ms beyond Node's own ${Math.round(Math.min(...bare))} ms, ${Math.min(...cpu)} s of CPU with Node's own, best of ${STARTS}`,
    )
  })

  // The last: it takes packages away.
  packed('installed with --omit=optional it serves, and says what tracing needs', async () => {
    await run('npm', ['install', '--omit=optional', '--prefer-offline', '--no-audit', '--no-fund'], { cwd: directory })
    process.env.GOREGO_CLI = program
    const server = await startGorego().finally(() => delete process.env.GOREGO_CLI)
    await server.stop()
    const env = { ...process.env, GOREGO_TELEMETRY_TRACING_ENDPOINT: 'http://127.0.0.1:1/v1/traces' }
    const args = [program, 'start', '--listen', '127.0.0.1:0', '--dir', 'cache-of-tracing']
    const failure = await run(process.execPath, args, { cwd: directory, env }).then(
      () => assert.unreachable('the SDK is still there'),
      (error: { code: number; stderr: string }) => error,
    )
    assert.is(failure?.code, 64)
    assert.match(
      failure?.stderr ?? '',
      /telemetry\.tracing_endpoint needs packages that are not installed.* --omit=optional/,
    )
  })
}

/** What a process has used until now, in steps of 10 ms: on a busy machine the clock says little. NaN where there is no /proc. */
function cpuSeconds(pid: number): number {
  if (!existsSync(`/proc/${pid}/stat`)) return Number.NaN
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) / 100
}

async function milliseconds(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now()
  await work()
  return performance.now() - started
}

process.once('exit', () => {
  forget()
  rmSync(top, { recursive: true, force: true })
})
