import { performance } from 'node:perf_hooks'
import type { CommandOrder, LaunchEnd, Launcher } from './launch/launcher.js'
import type { StreamName } from './printed-files.js'
import type { PrintedStreams } from './printed-streams.js'
import { startFailure } from './program.js'

/** Between asking a command to stop and making it. */
const GRACE_MS = 2_000

/** setTimeout fires at once for more than this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface CommandToRun extends CommandOrder {
  readonly timeoutMs: number
}

export interface CommandEnd extends LaunchEnd {
  /** Why it was made to stop; absent for one that ended by itself. */
  readonly stopped?: StopReason
  /** Streams of which only the beginning, as much as is allowed, was kept. */
  readonly cut: readonly StreamName[]
  readonly durationMs: number
}

/** `printed`: it wrote more than it may. */
export type StopReason = 'timeout' | 'cancelled' | 'printed'

/**
 * Runs one command, what it prints going to files: a grandchild that keeps a pipe open could keep us waiting for ever. The
 * clock covers the command and nothing else (AN-03). Throws for a program that cannot be started.
 */
export async function runCommand(
  launcher: Launcher,
  command: CommandToRun,
  streams: PrintedStreams,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const startedAt = performance.now()
  const launched = launcher.launch(command)
  let stopped: StopReason | undefined
  let kill: NodeJS.Timeout | undefined
  const stop = (reason: StopReason) => {
    if (stopped !== undefined) return
    stopped = reason
    launched.signal('SIGTERM')
    kill = setTimeout(() => launched.signal('SIGKILL'), GRACE_MS)
  }
  const timeout = setTimeout(() => stop('timeout'), Math.min(command.timeoutMs, LONGEST_TIMER_MS))
  const cancel = () => stop('cancelled')
  signal.addEventListener('abort', cancel)
  if (signal.aborted) cancel()
  streams.watch(() => {
    stopped ??= 'printed'
    // No grace: it would go on filling the disk.
    launched.signal('SIGKILL')
  })
  try {
    const end = await launched.ended.catch((error) => {
      throw startFailure(error, command.program)
    })
    const durationMs = performance.now() - startedAt
    const cut = streams.end()
    if (cut.length > 0) stopped ??= 'printed'
    return { cut, durationMs, ...end, ...(stopped === undefined ? {} : { stopped }) }
  } finally {
    clearTimeout(timeout)
    clearTimeout(kill)
    signal.removeEventListener('abort', cancel)
  }
}
