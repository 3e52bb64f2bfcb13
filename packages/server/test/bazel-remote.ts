import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { Client, credentials } from '@grpc/grpc-js'

const MODULE = 'github.com/buchgr/bazel-remote/v2@v2.4.4'

/** Fetching and compiling; the test runner gives all of a file ten minutes. */
const BUILD_TIMEOUT_MS = 400_000

/** The program that `GOREGO_TEST_BAZEL_REMOTE` names, or one built with Go once and kept in the user's cache; or why there is none. */
export function bazelRemoteProgram(): { readonly program: string } | { readonly reason: string } {
  const given = process.env.GOREGO_TEST_BAZEL_REMOTE
  if (given !== undefined) return { program: given }
  const directory = join(
    process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
    'gorego',
    'test',
    MODULE.replaceAll('/', '-'),
  )
  const program = join(directory, 'bazel-remote')
  if (existsSync(program)) return { program }
  console.log(`building ${MODULE} with go`)
  const { status, error, stderr } = spawnSync('go', ['install', MODULE], {
    env: { ...process.env, GOBIN: directory },
    timeout: BUILD_TIMEOUT_MS,
    encoding: 'utf8',
  })
  if (error !== undefined) return { reason: `bazel-remote cannot be built: ${error.message}` }
  if (status !== 0) return { reason: `go install ${MODULE}: ${stderr.trim().split('\n').at(-1)}` }
  return { program }
}

/** A bazel-remote with everything in a directory, which speaks gRPC on a socket there. */
export class BazelRemote implements AsyncDisposable {
  private constructor(
    readonly target: string,
    private readonly process: ChildProcess,
  ) {}

  static async start(program: string, directory: string): Promise<BazelRemote> {
    const socket = join(directory, 'grpc')
    const child = spawn(
      program,
      [
        ...['--dir', join(directory, 'cache'), '--max_size', '1'],
        ...['--grpc_address', `unix://${socket}`, '--http_address', `unix://${join(directory, 'http')}`],
      ],
      { stdio: 'ignore' },
    )
    const remote = new BazelRemote(`unix:${socket}`, child)
    const client = new Client(remote.target, credentials.createInsecure(), {
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 100,
    })
    try {
      await Promise.race([connected(client), endedEarly(child)])
    } catch (error) {
      await remote[Symbol.asyncDispose]()
      throw error
    } finally {
      client.close()
    }
    return remote
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.process, 'exit')
    const { pid, exitCode, signalCode } = this.process
    if (pid !== undefined && exitCode === null && signalCode === null && this.process.kill('SIGKILL')) await ended
  }
}

/** What it logs says that it is about to listen, not that it does: it listens when somebody has got through. The test runner has the bound. */
function connected(client: Client): Promise<void> {
  return new Promise((resolve, reject) => {
    client.waitForReady(Number.POSITIVE_INFINITY, (error) => (error ? reject(error) : resolve()))
  })
}

async function endedEarly(child: ChildProcess): Promise<never> {
  const [code, signal] = await once(child, 'exit')
  throw new Error(`bazel-remote ended with ${code ?? signal} before it served`)
}
