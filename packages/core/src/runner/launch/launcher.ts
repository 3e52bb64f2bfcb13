import type { UsedResources } from '../../proto/resource-usage.js'
import type { SandboxEntry } from '../../sandbox/index.js'
import type { DirectoryToLookAt, FoundFiles } from '../found-files.js'

/** A program to start, with all that it sees. */
export interface CommandOrder {
  /** A path; a relative one counts from the working directory. */
  readonly program: string
  readonly argv: readonly string[]
  /** All that the command sees (CM-03). */
  readonly env: Readonly<Record<string, string>>
  readonly workingDirectory: string
  /** What makes the sandbox that the command runs in, and sees its paths in; absent for none. */
  readonly sandbox?: SandboxEntry
  /** What is to be looked at as soon as the command is over, and nobody of it left. */
  readonly lookAt?: readonly DirectoryToLookAt[]
}

export interface LaunchEnd {
  /** 128 + the signal's number for one that was killed. */
  readonly exitCode: number
  /** The signal that ended it, whoever sent it. */
  readonly signal: NodeJS.Signals | undefined
  /** Absent where the system does not tell. */
  readonly resources?: UsedResources
  /** Where the order said; absent from a launcher that looks no cheaper than whoever asks, and where something may be running yet. */
  readonly found?: FoundFiles
}

export interface Launched {
  /**
   * When the command is over, and whatever it left running was killed (CM-09). Rejects with the system's error when it cannot
   * be started.
   */
  readonly ended: Promise<LaunchEnd>
  /** Signals the command and the processes of its group. */
  signal(name: 'SIGTERM' | 'SIGKILL'): void
}

/**
 * Starts commands, one at a time, each in a session of its own, its input empty, its output going to the files that
 * commands print to.
 */
export interface Launcher {
  launch(order: CommandOrder): Launched
  /** Kills what runs. Nothing can be launched any more. */
  end(): void
}
