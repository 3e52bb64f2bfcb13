import { availableParallelism } from 'node:os'
import type { RemoteServer } from '@gorego/server'
import type { Arguments, Command } from '../command.js'
import type { Host } from '../host.js'
import { REMOTE_FLAGS } from '../remote/remote-flags.js'
import { maybeRemote } from '../remote/which-remote.js'
import { withServer } from '../remote/with-remote.js'
import { readCount } from '../ui/amounts.js'
import { type BenchRow, benchJson, benchTable } from '../ui/bench-view.js'
import { EXIT } from '../ui/exit-codes.js'
import { Interruption } from '../ui/interruption.js'
import { jsonText } from '../ui/json-text.js'
import { ProgressLine } from '../ui/progress-line.js'
import { REMOTE_EXIT_CODES } from './remote-exit-codes.js'

const DEFAULT_CLIENTS = 8
const DEFAULT_SECONDS = 3

export const bench: Command = {
  name: 'bench',
  usage: '[flags]',
  summary: 'Measure how fast a server is here',
  description:
    'Measures how many small actions, cached results and blobs a server manages in a second, and how long each takes. Without --remote, one is started for it, with default settings, in a temporary directory that is removed.',
  flags: {
    clients: {
      type: 'string',
      requiresArg: true,
      describe: 'How many calls are under way at a time',
      defaultDescription: String(DEFAULT_CLIENTS),
    },
    seconds: {
      type: 'string',
      requiresArg: true,
      describe: 'How long each measurement takes',
      defaultDescription: String(DEFAULT_SECONDS),
    },
    json: { type: 'boolean', describe: 'Print one JSON document: times in milliseconds' },
    ...REMOTE_FLAGS,
    remote: { ...REMOTE_FLAGS.remote, defaultDescription: '$GOREGO_REMOTE, or one that is started for it' },
  },
  examples: [
    ['gorego bench', 'what gorego can do on this machine'],
    ['gorego bench --remote grpc://build.example:50051', 'what a server over there does for a client here'],
  ],
  epilogue: `A client begins a call when its last one has ended, so the figures are those of a server that is as busy as these clients make it, and no more. Other work on either machine is in them. A server that is named keeps what was stored, some 300 MB and one result, until it evicts that.

${REMOTE_EXIT_CODES}`,
  takesCommandLine: false,
  run: runBench,
}

async function runBench(args: Arguments, host: Host): Promise<number> {
  const count = (flag: string, fallback: number) =>
    readCount(args.text(flag) ?? String(fallback), `--${flag}`, 'gorego bench --help')
  const load = { clients: count('clients', DEFAULT_CLIENTS), seconds: count('seconds', DEFAULT_SECONDS) }
  const named = await maybeRemote(args, host)
  const use = async (server: RemoteServer, signal: AbortSignal) => {
    const isOwn = named === undefined
    const { rows, executes } = await measureAll(server, load, host, signal)
    const cores = availableParallelism()
    if (args.has('json')) {
      const about = { server: isOwn ? null : server.target, ...load, cores }
      host.out(jsonText({ ...about, measurements: rows.map(benchJson) }))
      return EXIT.ok
    }
    host.out(benchTable(rows))
    const where = isOwn
      ? `; server and clients share ${cores} cores`
      : ` to ${server.target}; clients have ${cores} cores`
    host.out(`\n${load.clients} calls at a time over one connection${where}\n`)
    if (!executes) host.out('the server executes nothing: only its cache was measured\n')
    return EXIT.ok
  }
  if (named !== undefined) return await withServer(named, host, use)
  using interruption = new Interruption(host)
  const { startOwnServer } = await import('../bench/own-server.js')
  try {
    await using own = await startOwnServer({ host, interruption })
    return await withServer({ target: own.address, options: {} }, host, use)
  } catch (error) {
    if (interruption.exitCode === undefined) throw error
    host.err.write('gorego: interrupted\n')
    return interruption.exitCode
  }
}

async function measureAll(
  server: RemoteServer,
  load: { readonly clients: number; readonly seconds: number },
  host: Host,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly BenchRow[]; readonly executes: boolean }> {
  const [{ measure }, { scenarios }] = await Promise.all([
    import('../bench/measure.js'),
    import('../bench/scenarios.js'),
  ])
  const capabilities = await server.capabilities(signal)
  const executes = capabilities.getExecutionCapabilities()?.getExecEnabled() === true
  const wanted = scenarios(server).filter((scenario) => executes || !scenario.executes)
  const rows: BenchRow[] = []
  let line = 'preparing'
  using _progress = new ProgressLine(host, () => line)
  for (const [n, { name, bytesPerCall, most, prepare }] of wanted.entries()) {
    line = `${n + 1} of ${wanted.length}: ${name}, ${load.seconds} s`
    const call = await prepare(signal)
    rows.push({ name, bytesPerCall, ...(await measure({ ...load, most, call }, signal)) })
  }
  return { rows, executes }
}
