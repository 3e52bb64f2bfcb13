import { reapi } from '@gorego/core'

/** Of an ActionResult on the wire. */
const EXIT_CODE_FIELD = 4
const EXECUTION_METADATA_FIELD = 9

type Phase = 'stage' | 'run' | 'collect'

/** Of ExecutedActionMetadata: when each began, and when it was over. */
const PHASE_FIELDS: readonly (readonly [phase: Phase, start: number, end: number])[] = [
  ['stage', 5, 6],
  ['run', 7, 8],
  ['collect', 9, 10],
]

/** Of a Timestamp. */
const SECONDS_FIELD = 1
const NANOS_FIELD = 2

/** From when to when, in milliseconds since 1970. */
export type Period = readonly [start: number, end: number]

/** What somebody who watches wants to know of a result. */
export interface ExecutionPhases {
  readonly exitCode: number
  /** Inputs, command, outputs, as far as they are known; nothing of what is cached, which says how it once was, somewhere. */
  readonly periods: Readonly<Partial<Record<Phase, Period>>>
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

/** Read off the wire: every action that ends is logged with them. */
function periodsOf(metadata: Uint8Array): ExecutionPhases['periods'] {
  const moments = new Map<number, number>()
  const reader = new reapi.WireReader(metadata)
  while (reader.next()) {
    const isMoment = PHASE_FIELDS.some(([, start, end]) => reader.number === start || reader.number === end)
    if (isMoment && reader.type === reapi.BYTES) moments.set(reader.number, millisIn(reader.message()))
  }
  const periods: Partial<Record<Phase, Period>> = {}
  for (const [phase, startField, endField] of PHASE_FIELDS) {
    const [start, end] = [moments.get(startField), moments.get(endField)]
    if (start !== undefined && end !== undefined) periods[phase] = [start, end]
  }
  return periods
}

/** Of our own worker's Timestamps, which are valid ones. */
function millisIn(timestamp: reapi.WireReader): number {
  let [seconds, nanos] = [0, 0]
  while (timestamp.next()) {
    if (timestamp.number === SECONDS_FIELD) seconds = timestamp.int64()
    else if (timestamp.number === NANOS_FIELD) nanos = timestamp.int32()
  }
  return seconds * 1000 + nanos / 1e6
}
