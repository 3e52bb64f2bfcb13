import { join, relative, resolve } from 'node:path'
import type { ExecutionError, RemoteCache, RunOptions, RunResult } from '@gorego/core'
import type { Surroundings } from '@gorego/server'
import { actionSpec } from '../action/action-spec.js'
import type { Arguments, Command } from '../command.js'
import type { Host } from '../host.js'
import { DIGEST_FUNCTION_FLAG, digestFunction } from '../remote/digest-function.js'
import { REMOTE_CACHE_FLAG, REMOTE_FLAGS } from '../remote/remote-flags.js'
import { type RemoteChoice, type RunPlace, whereToRun } from '../remote/which-remote.js'
import { EXIT, exitCodeHelp, exitCodeOf } from '../ui/exit-codes.js'
import { withFile } from '../ui/file-problem.js'
import { Interruption } from '../ui/interruption.js'
import { RunProgress } from '../ui/run-progress.js'
import { type RunReport, runJson, runSummary } from '../ui/run-report.js'

const EPILOGUE = `The command runs in a directory of its own that holds its inputs and nothing else. Of the environment it sees --env, and PATH (/usr/local/bin:/usr/bin:/bin unless --env PATH=… says otherwise). What it prints appears as it comes; from a server, when it has ended.

${exitCodeHelp('Exit code: that of the command (128 + n if signal n killed it), or:', [
  EXIT.usage,
  EXIT.unavailable,
  EXIT.internal,
  EXIT.timeout,
  EXIT.interrupted,
  EXIT.terminated,
])}`

export const run: Command = {
  name: 'run',
  usage: '[flags] -- CMD [ARG…]',
  summary: 'Run one command as an action, or take its result from the cache',
  description:
    'Runs a command on declared inputs, keeps its declared outputs, and caches both: here, with others through --remote-cache, or on a server with --remote.',
  flags: {
    input: {
      type: 'string',
      array: true,
      requiresArg: true,
      describe:
        'A file or directory that the command reads: path, or dest=path to have it elsewhere; "." is everything here',
    },
    output: { type: 'string', array: true, requiresArg: true, describe: 'A file or directory that the command makes' },
    env: { type: 'string', array: true, requiresArg: true, describe: 'A variable that it sees: NAME=VALUE' },
    timeout: { type: 'string', requiresArg: true, describe: 'How many seconds it may take' },
    'out-dir': {
      type: 'string',
      requiresArg: true,
      describe: 'Where the outputs are written',
      defaultDescription: 'this directory',
    },
    dir: {
      type: 'string',
      requiresArg: true,
      describe: 'Keep the cache in this directory',
      defaultDescription: '~/.cache/gorego/run',
    },
    'digest-function': DIGEST_FUNCTION_FLAG,
    'no-cache': {
      type: 'boolean',
      conflicts: 'refresh',
      describe: 'Neither look for a cached result nor keep this one',
    },
    refresh: { type: 'boolean', describe: 'Run it in any case and keep the new result' },
    json: { type: 'boolean', describe: 'Print one JSON document instead of what the command printed' },
    ...REMOTE_FLAGS,
    remote: {
      ...REMOTE_FLAGS.remote,
      conflicts: ['dir', 'remote-cache'],
      describe: 'Run it on a server: grpc://host:port, grpcs://host:port or unix:/path',
      defaultDescription: '$GOREGO_REMOTE, or here',
    },
    ...REMOTE_CACHE_FLAG,
  },
  examples: [
    ['gorego run -- echo hello', 'the second time, what it printed comes from the cache'],
    ["gorego run --input in.txt --output out.txt -- sh -c 'sort in.txt > out.txt'", 'runs only if in.txt has changed'],
    [
      'gorego run --remote grpc://127.0.0.1:50051 --input . -- make check',
      'on a server, with everything here as input',
    ],
    [
      'gorego run --remote-cache grpc://cache:50051 --input . --output app -- make app',
      'here, unless somebody who shares the cache has run it',
    ],
  ],
  epilogue: EPILOGUE,
  takesCommandLine: true,
  run: runOnce,
}

/** What LocalExecutor and RemoteExecutor have in common. */
interface Executor {
  run(options: RunOptions): Promise<RunResult>
  close(): Promise<void>
}

async function runOnce(args: Arguments, host: Host): Promise<number> {
  const { cwd } = host.surroundings
  const spec = await actionSpec(args, cwd)
  const outDir = resolve(cwd, args.text('out-dir') ?? '.')
  const place = await whereToRun(args, host)
  using interruption = new Interruption(host)
  try {
    const executor = await openExecutor(place, args, host, interruption.signal)
    try {
      using progress = new RunProgress(host)
      const onProgress = progress.follow
      const onOutput: RunOptions['onOutput'] = (chunk, stream) => {
        // What the command says is progress enough, and has the terminal to itself.
        progress[Symbol.dispose]()
        return host.hand(chunk, stream)
      }
      const { signal } = interruption
      const options = args.has('json') ? { ...spec, onProgress, signal } : { ...spec, onProgress, onOutput, signal }
      const report = await execute(executor, options, outDir)
      progress[Symbol.dispose]()
      if (args.has('json')) host.out(runJson(report))
      else host.err.write(`gorego: ${runSummary(report)}\n`)
      return interruption.exitCode ?? report.exitCode
    } finally {
      await executor.close()
    }
  } catch (error) {
    const { remote } = place
    if (interruption.exitCode === undefined) throw remote === undefined ? error : await explained(error, remote)
    host.err.write('gorego: interrupted\n')
    return interruption.exitCode
  }
}

async function explained(error: unknown, remote: RemoteChoice): Promise<unknown> {
  const { explainRemoteError } = await import('../remote/explain-remote-error.js')
  return explainRemoteError(error, remote)
}

async function openExecutor(
  { remote, cache }: RunPlace,
  args: Arguments,
  host: Host,
  signal: AbortSignal,
): Promise<Executor> {
  const { surroundings } = host
  const hashing = { digestFunction: await digestFunction(args, 'gorego run --help') }
  if (remote !== undefined) {
    const { RemoteExecutor } = await import('@gorego/server')
    return await RemoteExecutor.connect(remote.target, { ...remote.options, ...hashing }, signal)
  }
  const { LocalExecutor } = await import('@gorego/core')
  const dir = args.text('dir')
  const root = dir === undefined ? await defaultRoot(surroundings) : resolve(surroundings.cwd, dir)
  const shared = cache === undefined ? {} : { remote: await openCache(cache, host) }
  const open = () => LocalExecutor.open({ root, concurrency: 1, ...hashing, ...shared })
  return await withFile(`--dir ${root}`, open)
}

async function openCache({ target, options }: RemoteChoice, { err }: Host): Promise<RemoteCache> {
  const { remoteCache } = await import('@gorego/server')
  return remoteCache(target, {
    ...options,
    onChange: (used, why) =>
      err.write(`gorego: ${used ? 'the cache is there again' : `going on without the cache: ${why?.message}`}\n`),
  })
}

async function defaultRoot(surroundings: Surroundings): Promise<string> {
  const { userCacheDirectory } = await import('@gorego/server')
  return join(userCacheDirectory(surroundings), 'run')
}

async function execute(executor: Executor, options: RunOptions, directory: string): Promise<RunReport> {
  const { ExecutionError } = await import('@gorego/core')
  const started = performance.now()
  let result: RunResult | undefined
  let failure: ExecutionError | undefined
  try {
    result = await executor.run(options)
  } catch (error) {
    if (!(error instanceof ExecutionError)) throw error
    failure = error
    result = error.result
  }
  const totalMs = performance.now() - started
  const hasOutputs = result !== undefined && result.outputs.size > 0
  // Of a command that failed, too: a report of what went wrong is often among them.
  if (hasOutputs)
    await withFile(`--out-dir ${directory}`, async () => await result?.materialize(directory, {}, options.signal))
  return {
    result,
    failure,
    exitCode: failure === undefined ? (result?.exitCode ?? EXIT.internal) : exitCodeOf(failure.code),
    totalMs,
    outDir: hasOutputs ? relative('.', directory) || '.' : undefined,
    absent: result === undefined ? [] : (options.outputs ?? []).filter((path) => !result?.outputs.has(path)),
  }
}
