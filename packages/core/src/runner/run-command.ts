import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:os'
import { performance } from 'node:perf_hooks'
import type { UsedResources } from '../proto/resource-usage.js'
import { childCpuSinceLast } from './child-cpu.js'
import { killGroup } from './kill-group.js'
import { killSession } from './kill-session.js'
import { PeakMemory } from './peak-memory.js'
import type { StreamName } from './printed-files.js'
import type { PrintedStreams } from './printed-streams.js'
import { startFailure } from './program.js'

/** Between asking a command to stop and making it. */
const GRACE_MS = 2_000

/** setTimeout fires at once for more than this. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface CommandToRun {
  readonly program: string
  readonly argv: readonly string[]
  /** All that the command sees (CM-03). */
  readonly env: Readonly<Record<string, string>>
  readonly workingDirectory: string
  readonly timeoutMs: number
}

export interface CommandEnd {
  /** 128 + the signal's number for one that was killed. */
  readonly exitCode: number
  /** The signal that ended it, whoever sent it. */
  readonly signal: NodeJS.Signals | undefined
  /** Why it was made to stop; absent for one that ended by itself. */
  readonly stopped?: StopReason
  /** Streams of which only the beginning, as much as is allowed, was kept. */
  readonly cut: readonly StreamName[]
  readonly durationMs: number
  /** Absent where the system does not tell. */
  readonly resources?: UsedResources
}

/** `printed`: it wrote more than it may. */
export type StopReason = 'timeout' | 'cancelled' | 'printed'

/**
 * Runs one command in a process group of its own, what it prints going to files: a grandchild that keeps a pipe open could
 * keep us waiting for ever. The clock covers the command and nothing else (AN-03). When the command is over, whatever is
 * left of its group is killed, and of a command that had to be stopped whatever is left of its session. Throws for a program that cannot be started.
 */
export async function runCommand(
  command: CommandToRun,
  streams: PrintedStreams,
  onStart: (processGroup: number) => void,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const child = start(command, streams)
  const startedAt = performance.now()
  const ended = exit(child)
  const group = child.pid
  using memory = group === undefined ? undefined : new PeakMemory(group)
  if (group !== undefined) onStart(group)
  let stopped: StopReason | undefined
  let kill: NodeJS.Timeout | undefined
  const stop = (reason: StopReason) => {
    if (stopped !== undefined) return
    stopped = reason
    killGroup(group, 'SIGTERM')
    kill = setTimeout(() => killGroup(group, 'SIGKILL'), GRACE_MS)
  }
  const timeout = setTimeout(() => stop('timeout'), Math.min(command.timeoutMs, LONGEST_TIMER_MS))
  const cancel = () => stop('cancelled')
  signal.addEventListener('abort', cancel)
  if (signal.aborted) cancel()
  streams.watch(() => {
    stopped ??= 'printed'
    // No grace: it would go on filling the disk.
    killGroup(group, 'SIGKILL')
  })
  try {
    const { exitCode, signal } = await ended.catch((error) => {
      throw startFailure(error, command.program)
    })
    const durationMs = performance.now() - startedAt
    const resources = usage(memory?.bytes)
    killRest()
    const cut = streams.end()
    if (cut.length > 0) stopped ??= 'printed'
    return {
      exitCode,
      signal,
      cut,
      durationMs,
      ...(stopped === undefined ? {} : { stopped }),
      ...(resources === undefined ? {} : { resources }),
    }
  } catch (error) {
    killRest()
    throw error
  } finally {
    clearTimeout(timeout)
    clearTimeout(kill)
    signal.removeEventListener('abort', cancel)
  }

  function killRest(): void {
    if (stopped === undefined) killGroup(group, 'SIGKILL')
    else killSession(group)
  }
}

function usage(peakMemoryBytes: number | undefined): UsedResources | undefined {
  const used = childCpuSinceLast()
  if (used === undefined) return undefined
  return {
    userCpuMs: used.userMs,
    systemCpuMs: used.systemMs,
    ...(peakMemoryBytes === undefined ? {} : { peakMemoryBytes }),
  }
}

function start({ program, argv, env, workingDirectory }: CommandToRun, streams: PrintedStreams): ChildProcess {
  try {
    return spawn(program, argv.slice(1), {
      argv0: argv[0],
      cwd: workingDirectory,
      env,
      detached: true,
      stdio: ['ignore', ...streams.descriptors],
    })
  } catch (error) {
    throw startFailure(error as NodeJS.ErrnoException, program)
  }
}

function exit(child: ChildProcess): Promise<{ exitCode: number; signal: NodeJS.Signals | undefined }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      const exitCode = code ?? 128 + (signal === null ? 0 : constants.signals[signal])
      resolve({ exitCode, signal: signal ?? undefined })
    })
  })
}
