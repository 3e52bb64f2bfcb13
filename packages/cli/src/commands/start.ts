import { hostname } from 'node:os'
import type { Config, RunningServer } from '@gorego/server'
import type { Arguments, Command } from '../command.js'
import { type Host, version } from '../host.js'
import { EXIT, exitCodeHelp } from '../ui/exit-codes.js'
import { LiveView } from '../ui/live-view.js'
import { LoadLines } from '../ui/load-lines.js'
import { watchParent } from '../ui/parent-watch.js'
import { ServiceManager } from '../ui/service-manager.js'
import { readyLine, startBanner } from '../ui/start-banner.js'
import { StopRequests, type StopSignal, stopExitCode } from '../ui/stop-requests.js'

const EPILOGUE = `Flags go before GOREGO_* variables, and those before the file: docs/configuration.md lists every setting.
The line "gorego ready on grpc://…" on standard output says that it serves. Logs go to standard error: readable lines on a terminal, JSON otherwise. On a terminal, the lines below them show what it does.

SIGTERM or Ctrl-C stops it: running actions and calls may finish, for up to shutdown_grace (30 s); a second signal ends it at once.

${exitCodeHelp('Exit codes:', [EXIT.ok, EXIT.usage, EXIT.unavailable, EXIT.internal, EXIT.interrupted, EXIT.terminated])}`

export const start: Command = {
  name: 'start',
  usage: '[flags]',
  summary: 'Start the server',
  description:
    'Serves the Remote Execution API: a remote executor and cache for Bazel and other clients. Needs no configuration.',
  flags: {
    config: { type: 'string', requiresArg: true, describe: 'A config.yaml' },
    listen: {
      type: 'string',
      requiresArg: true,
      describe: 'Where to serve gRPC: host:port (port 0 takes a free one) or unix:/path',
      defaultDescription: '127.0.0.1:50051',
    },
    insecure: {
      type: 'boolean',
      describe: 'Listen where other machines can reach it, without TLS',
    },
    dir: {
      type: 'string',
      requiresArg: true,
      describe: 'Keep everything below this directory',
      defaultDescription: '~/.cache/gorego/server',
    },
    concurrency: {
      type: 'string',
      requiresArg: true,
      describe: 'How many actions run at once',
      defaultDescription: 'the number of CPUs',
    },
    'idle-timeout': {
      type: 'string',
      requiresArg: true,
      describe: 'Stop when nobody has used it for so many seconds',
      defaultDescription: '0: never',
    },
    'no-ui': { type: 'boolean', describe: 'On a terminal, only log: no live view of slots, queue and cache' },
    'log-level': {
      type: 'string',
      requiresArg: true,
      describe: 'debug, info, warn or error',
      defaultDescription: 'info',
    },
  },
  examples: [
    ['gorego start', 'for Bazel on this machine'],
    ['gorego start --listen 127.0.0.1:0 --dir /tmp/gorego', 'a free port, a directory of its own'],
    [
      'gorego start --listen 0.0.0.0:50051 --insecure',
      'for other machines too, without TLS: whoever reaches the port can run commands here',
    ],
  ],
  epilogue: EPILOGUE,
  takesCommandLine: false,
  run: startServing,
}

async function startServing(args: Arguments, host: Host): Promise<number> {
  const { createLogger, loadConfig, startServer, tuneHeapForServing } = await import('@gorego/server')
  const { config, warnings } = await loadConfig({ surroundings: host.surroundings, ...configSources(args) })
  const { isTerminal, hasColours } = host.err
  let view: LiveView | undefined
  const logger = createLogger({
    level: config.logLevel,
    sink: { write: (text) => (view ?? host.err).write(text) },
    format: isTerminal ? 'text' : 'json',
    colours: hasColours,
  })
  for (const warning of warnings) logger.warn(warning)
  let order = (_why: StopSignal | 'idle') => {}
  const stopOrdered = new Promise<StopSignal | 'idle'>((resolve) => {
    order = resolve
  })
  using _requests = new StopRequests(host.signals, (signal, times) => {
    if (times > 1) host.exit(stopExitCode(signal))
    order(signal)
  })
  using _parent = watchParent(host.surroundings, () => host.signals.emit('SIGTERM', 'SIGTERM'))
  tuneHeapForServing()
  const server = await startServer(config, { logger })
  announce(server, config, host)
  const isLive = isTerminal && host.surroundings.env.TERM !== 'dumb' && !args.has('no-ui')
  using live = isLive ? liveView(server, host) : undefined
  view = live
  using manager = new ServiceManager(host.surroundings, logger)
  await manager.ready(`serves on ${server.address}, ${server.slots} slots`)
  void server.idle.then(() => order('idle'))
  const why = await stopOrdered
  logger.info('stopping: running actions may finish; a second signal ends them', {
    why,
    limit_s: config.shutdownGrace,
  })
  await manager.stopping(config.shutdownGrace * 1000)
  await server.stop()
  logger.info('stopped')
  return EXIT.ok
}

function liveView(server: RunningServer, host: Host): LiveView {
  const load = new LoadLines(server.slots)
  return new LiveView({
    host,
    lines: () => load.lines(server.load, performance.now()),
    ...(host.err.hasColours && { paint: (line: string) => `\u001b[36m${line}\u001b[39m` }),
  })
}

function configSources(args: Arguments) {
  const file = args.text('config')
  const given = (['listen', 'dir', 'concurrency', 'idle-timeout', 'log-level'] as const).flatMap((flag) => {
    const text = args.text(flag)
    return text === undefined ? [] : [[flag, text]]
  })
  if (args.has('insecure')) given.push(['insecure', 'true'])
  return { ...(file === undefined ? {} : { file }), flags: Object.fromEntries(given) }
}

function announce(
  { address, httpAddress, slots, sandbox, runAs, frontEndPids }: RunningServer,
  config: Config,
  host: Host,
): void {
  host.out(
    startBanner({
      version: version(),
      config,
      address,
      httpAddress,
      slots,
      sandbox,
      runAs,
      frontEnds: frontEndPids.length,
      hostname: hostname(),
    }),
  )
  host.out(readyLine(address, config))
}
