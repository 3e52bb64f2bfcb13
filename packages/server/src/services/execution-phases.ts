import { reapi } from '@gorego/core'

/** Of an ActionResult on the wire. */
const EXIT_CODE_FIELD = 4
const EXECUTION_METADATA_FIELD = 9

/** From when to when, in milliseconds since 1970. */
export type Period = readonly [start: number, end: number]

/** What somebody who watches wants to know of a result. */
export interface ExecutionPhases {
  readonly exitCode: number
  /** Inputs, command, outputs, as far as they are known; nothing of what is cached, which says how it once was, somewhere. */
  readonly periods: Readonly<Partial<Record<'stage' | 'run' | 'collect', Period>>>
}

/** Without making anything of a result's files, of which there may be thousands. No system has negative exit codes. */
export function executionPhases(result: Uint8Array, cached: boolean): ExecutionPhases {
  const exitCode = exitCodeOf(result)
  const metadata = cached ? undefined : [...reapi.fieldsOf(result, EXECUTION_METADATA_FIELD)].at(-1)
  return { exitCode, periods: metadata === undefined ? {} : periodsOf(metadata) }
}

/** For whoever counts all that end, and wants no times. */
export function exitCodeOf(result: Uint8Array): number {
  let exitCode = 0
  const reader = new reapi.WireReader(result)
  while (reader.next()) if (reader.number === EXIT_CODE_FIELD) exitCode = reader.value
  return exitCode
}

function periodsOf(metadata: Uint8Array): ExecutionPhases['periods'] {
  const message = reapi.ExecutedActionMetadata.deserializeBinary(metadata)
  const phases = {
    stage: [message.getInputFetchStartTimestamp(), message.getInputFetchCompletedTimestamp()],
    run: [message.getExecutionStartTimestamp(), message.getExecutionCompletedTimestamp()],
    collect: [message.getOutputUploadStartTimestamp(), message.getOutputUploadCompletedTimestamp()],
  }
  return Object.fromEntries(
    Object.entries(phases).flatMap(([name, [start, end]]) => {
      if (start === undefined || end === undefined) return []
      return [[name, [reapi.timestampToMillis(start), reapi.timestampToMillis(end)]]]
    }),
  )
}
