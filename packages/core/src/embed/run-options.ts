import type { Stage } from '../scheduler/index.js'
import type { ActionSpec } from './prepare-action.js'

/** An action, and how this run of it differs from others. */
export interface RunOptions extends ActionSpec {
  /**
   * What it is called: below an executor's root it is remembered what was asked for under the name, and
   * `why(name)` tells what had changed when it ran last. Nodes of a graph have their own, unless they say otherwise. A RemoteExecutor tells its server, as
   * the target that the action is for: `gorego why` and the status page go by it. No part of what the action is.
   */
  readonly name?: string
  /** Run it even if a result is cached; the new result replaces the old one. */
  readonly refresh?: boolean
  /** Lower runs first. Default 0. */
  readonly priority?: number
  /** Ends the command; `run` then throws with the code `cancelled`. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
  /**
   * Is handed what the command prints, each byte once and in the order of its stream, all of it before `run` resolves; also where `run`
   * throws an ExecutionError with a `result`. LocalExecutor hands it over while the command runs, some 40 ms after it was printed at most, and
   * all at once where the result was cached; RemoteExecutor at the end, since REAPI servers, ours among them, say nothing before.
   *
   * A promise that it returns is waited for before the next chunk (64 KiB, at the end up to 1 MiB); the command waits for nobody: what it
   * prints goes to files, of which nothing is kept beyond `policy.maxPrintedBytes`. What it throws ends the command, and `run` throws it.
   */
  readonly onOutput?: OutputListener
}

/** Is handed a chunk of what a command prints. If it returns a promise, that is waited for. */
export type OutputListener = (chunk: Uint8Array, stream: StreamName) => unknown

/** What a command prints to. */
export type StreamName = 'stdout' | 'stderr'

/** Where an action has got to. */
export interface Progress {
  readonly stage: 'preparing' | Stage
}
