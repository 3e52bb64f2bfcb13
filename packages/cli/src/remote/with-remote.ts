import type { RemoteServer } from '@gorego/server'
import type { Arguments } from '../command.js'
import type { Host } from '../host.js'
import { Interruption } from '../ui/interruption.js'
import type { NextSteps } from './explain-remote-error.js'
import { type RemoteChoice, whichRemote } from './which-remote.js'

/**
 * Connects to the server that the flags name, and does something with it, up to a Ctrl-C; resolves to the exit code. What a
 * server refuses is told with the flags that can change it.
 */
export async function withRemote(
  args: Arguments,
  host: Host,
  use: (server: RemoteServer, signal: AbortSignal) => Promise<number>,
  steps?: NextSteps,
): Promise<number> {
  return await withServer(await whichRemote(args, host), host, use, steps)
}

/** The same for a server that is known. */
export async function withServer(
  choice: RemoteChoice,
  host: Host,
  use: (server: RemoteServer, signal: AbortSignal) => Promise<number>,
  steps?: NextSteps,
): Promise<number> {
  using interruption = new Interruption(host)
  const { RemoteServer } = await import('@gorego/server')
  try {
    using server = await RemoteServer.connect(choice.target, choice.options, interruption.signal)
    return await use(server, interruption.signal)
  } catch (error) {
    if (interruption.exitCode === undefined) {
      const { explainRemoteError } = await import('./explain-remote-error.js')
      throw explainRemoteError(error, choice, steps)
    }
    host.err.write('gorego: interrupted\n')
    return interruption.exitCode
  }
}
