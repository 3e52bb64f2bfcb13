import { reapi } from '@gorego/core'

/** ActionResult.execution_metadata on the wire. */
const METADATA_FIELD = 9

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
  for (const bytes of reapi.fieldsOf(result, METADATA_FIELD)) {
    const metadata = reapi.ExecutedActionMetadata.deserializeBinary(bytes)
    return {
      ...span('stage', metadata.getInputFetchStartTimestamp(), metadata.getInputFetchCompletedTimestamp()),
      ...span('run', metadata.getExecutionStartTimestamp(), metadata.getExecutionCompletedTimestamp()),
      ...span('collect', metadata.getOutputUploadStartTimestamp(), metadata.getOutputUploadCompletedTimestamp()),
    }
  }
  return {}
}

function span(name: keyof ActionStages, from: reapi.Timestamp | undefined, to: reapi.Timestamp | undefined) {
  if (from === undefined || to === undefined) return {}
  return { [name]: Math.max(0, reapi.timestampToMillis(to) - reapi.timestampToMillis(from)) / 1000 }
}
