import type { ContentAddressableStorage } from '../cas/index.js'
import type { RunOptions } from '../embed/run-options.js'
import type { RunResult } from '../embed/run-result.js'

/** What a graph needs of an executor, here or on another machine: outputs pass from one action to the next as digests in its store. */
export interface ActionRunner {
  readonly store: ContentAddressableStorage
  /** Runs an action, or finds its result. A command that fails is a result; what did not finish is thrown. */
  run(options: RunOptions): Promise<RunResult>
}
