import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { constants } from 'node:os'
import { performance } from 'node:perf_hooks'
import { killGroup } from './kill-group.js'
import { killSession } from './kill-session.js'
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
  readonly stdoutPath: string
  readonly stderrPath: string
  readonly timeoutMs: number
}

export interface CommandEnd {
  /** 128 + the signal's number for one that was killed. */
  readonly exitCode: number
  /** Why it was made to stop; absent for one that ended by itself. */
  readonly stopped?: StopReason
  readonly durationMs: number
}

export type StopReason = 'timeout' | 'cancelled'

/**
 * Runs one command in a process group of its own, its output going to files: a grandchild that keeps a pipe open could
 * keep us waiting for ever. The clock covers the command and nothing else (AN-03). When the command is over, whatever is
 * left of its group is killed, and of a command that had to be stopped whatever is left of its session. Throws for a program that cannot be started.
 */
export async function runCommand(
  command: CommandToRun,
  onStart: (processGroup: number) => void,
  signal: AbortSignal,
): Promise<CommandEnd> {
  const child = start(command)
  const startedAt = performance.now()
  const ended = exit(child)
  const group = child.pid
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
  try {
    const { exitCode } = await ended.catch((error) => {
      throw startFailure(error, command.program)
    })
    return { exitCode, durationMs: performance.now() - startedAt, ...(stopped === undefined ? {} : { stopped }) }
  } finally {
    clearTimeout(timeout)
    clearTimeout(kill)
    signal.removeEventListener('abort', cancel)
    if (stopped === undefined) killGroup(group, 'SIGKILL')
    else killSession(group)
  }
}

function start({ program, argv, env, workingDirectory, stdoutPath, stderrPath }: CommandToRun): ChildProcess {
  const stdout = openSync(stdoutPath, 'w', 0o644)
  const stderr = openSync(stderrPath, 'w', 0o644)
  try {
    return spawn(program, argv.slice(1), {
      argv0: argv[0],
      cwd: workingDirectory,
      env,
      detached: true,
      stdio: ['ignore', stdout, stderr],
    })
  } catch (error) {
    throw startFailure(error as NodeJS.ErrnoException, program)
  } finally {
    closeSync(stdout)
    closeSync(stderr)
  }
}

function exit(child: ChildProcess): Promise<{ exitCode: number }> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => {
      resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) })
    })
  })
}
