import { GoregoError } from '@gorego/core'
import { ConnectError, RemoteServer } from '@gorego/server'
import type { Host } from '../host.js'
import { explainRemoteError } from '../remote/explain-remote-error.js'
import type { RemoteChoice } from '../remote/which-remote.js'
import { checkDisk } from './disk.js'
import type { Finding } from './finding.js'
import { checkServer } from './hello.js'
import { checkIsolation } from './isolation.js'
import { checkOpenFiles } from './open-files.js'
import { startTemporaryServer, temporaryPlace } from './temporary-server.js'
import { checkVersions } from './versions.js'

export interface ExamineOptions {
  readonly remote: RemoteChoice
  /** Whether somebody named that server: then no other one will do. */
  readonly isNamed: boolean
  /** Where the cache of a server on this machine is, or would be. */
  readonly dir: string
  readonly host: Host
}

/** Looks at this machine and at a server, and tells what it finds as it finds it. */
export async function* examine(options: ExamineOptions, signal: AbortSignal): AsyncGenerator<Finding> {
  yield checkVersions()
  const openFiles = checkOpenFiles()
  if (openFiles !== undefined) yield openFiles
  yield* checkDisk(options.dir)
  using place = temporaryPlace()
  yield* await checkIsolation(place.path)
  yield* serverFindings(options, place.path, signal)
}

async function* serverFindings(
  { remote, isNamed, host }: ExamineOptions,
  dir: string,
  signal: AbortSignal,
): AsyncGenerator<Finding> {
  try {
    using server = await RemoteServer.connect(remote.target, remote.options, signal)
    yield* await checkServer(server, signal)
  } catch (error) {
    signal.throwIfAborted()
    const [message = '', nextStep] = GoregoError.from(explainRemoteError(error, remote)).message.split('\n  ')
    const isAbsent = error instanceof ConnectError && error.problem === 'nothing-listens' && !isNamed
    yield { about: 'server', level: isAbsent ? 'warn' : 'fail', message, ...(nextStep && { nextStep }) }
    if (!isAbsent) return
    const temporary = await startTemporaryServer(dir, host)
    try {
      using server = await RemoteServer.connect(temporary.address, {}, signal)
      const [, ...findings] = await checkServer(server, signal)
      yield { about: 'server', level: 'ok', message: 'one was started for the rest, and is ended again' }
      yield* findings
    } finally {
      await temporary.stop({ drainMs: 0 })
    }
  }
}
