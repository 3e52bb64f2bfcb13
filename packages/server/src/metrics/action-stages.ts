import { executionPhases, type Period } from '../services/execution-phases.js'

/** Seconds that a worker took for an action, as its metadata has them; what did not come to pass is absent. */
export interface ActionStages {
  /** Laying out the inputs. */
  readonly stage?: number
  /** The command. */
  readonly run?: number
  /** Storing what it made. */
  readonly collect?: number
}

/** Reads a serialized ActionResult, without making anything of its outputs, of which there may be thousands. */
export function actionStages(result: Uint8Array): ActionStages {
  const { stage, run, collect } = executionPhases(result, false).periods
  return {
    ...(stage === undefined ? {} : { stage: seconds(stage) }),
    ...(run === undefined ? {} : { run: seconds(run) }),
    ...(collect === undefined ? {} : { collect: seconds(collect) }),
  }
}

function seconds([start, end]: Period): number {
  return Math.max(0, end - start) / 1000
}
