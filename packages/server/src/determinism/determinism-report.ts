import type { Answer, Digest, OutputDifference } from '@gorego/core'

/** An action that did not do the same when it was run again. */
export interface DeterminismFinding {
  readonly instance: string
  readonly action: Digest
  /** The operation whose result the second one was compared with. */
  readonly operation: string
  /** As the client said. */
  readonly target?: string
  readonly mnemonic?: string
  /** Milliseconds since 1970. */
  readonly foundAt: number
  readonly differences: readonly OutputDifference[]
  /** There are more than are listed. */
  readonly truncated: boolean
}

/** What came of running actions again since the server started. */
export interface DeterminismReport {
  /** How many of the actions that are executed are run again: 0 to 1. */
  readonly sampleRate: number
  /** Actions that did the same. */
  readonly same: number
  /** Those that did not. */
  readonly different: number
  /** Those that were not run again after all: no slot was idle, or their inputs were evicted. */
  readonly dropped: number
  /** The youngest first, each action once. */
  readonly findings: readonly DeterminismFinding[]
}

/** Whoever knows of that, wherever it is. */
export interface DeterminismReporter {
  /** The counts of all, and the findings of one instance. */
  report(instance: string): Answer<DeterminismReport>
}
