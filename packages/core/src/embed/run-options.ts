import type { Stage } from '../scheduler/index.js'
import type { ActionSpec } from './prepare-action.js'

/** An action, and how this run of it differs from others. */
export interface RunOptions extends ActionSpec {
  /** Run it even if a result is cached; the new result replaces the old one. */
  readonly refresh?: boolean
  /** Lower runs first. Default 0. */
  readonly priority?: number
  /** Ends the command; `run` then throws with the code `cancelled`. */
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** Where an action has got to. */
export interface Progress {
  readonly stage: 'preparing' | Stage
}
