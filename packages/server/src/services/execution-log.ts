import { type ExecuteRequest, type Logger, type OperationState, reapi, type Stage } from '@gorego/core'

/** Of an ActionResult on the wire. */
const EXIT_CODE_FIELD = 4
const EXECUTION_METADATA_FIELD = 9

/**
 * One line an execution: what came of it, for whom, how long it was in each stage, and what it used (RM-02). At `info`, because it is
 * what somebody looks for who asks why a build was slow; what is a fault of ours at `error`.
 */
export function logExecution(logger: Logger, operation: OperationState, { labels }: ExecuteRequest): void {
  const { name, instance, action, outcome } = operation
  const { failure, result, resources, cached = false } = outcome ?? {}
  const level = failure?.code === 'internal' ? 'error' : 'info'
  logger[level]('executed', {
    operation: name,
    digest: String(action),
    ...(instance === '' ? {} : { instance }),
    outcome: failure?.code ?? 'ok',
    ...(failure === undefined ? {} : { why: failure.message }),
    ...(result === undefined ? {} : resultFields(result, cached)),
    cached,
    ...stageTimes(operation),
    ...resources,
    ...labels,
  })
}

/** In milliseconds. A stage ends where the next one that there was begins. */
export function stageTimes({ enteredAt, createdAt }: OperationState): Record<string, number> {
  const { completed = createdAt, executing = completed, queued = executing } = enteredAt
  const reached = (stage: Stage, name: string, ms: number) => (enteredAt[stage] === undefined ? {} : { [name]: ms })
  return {
    lookupMs: queued - createdAt,
    ...reached('queued', 'queuedMs', executing - queued),
    ...reached('executing', 'executingMs', completed - executing),
  }
}

/** Without making a message of a result that may list thousands of files. No system has negative exit codes. */
function resultFields(result: Uint8Array, cached: boolean): Record<string, number> {
  let exitCode = 0
  let metadata: Uint8Array | undefined
  for (const field of reapi.wireFields(result)) {
    if (field.number === EXIT_CODE_FIELD) exitCode = field.value
    else if (field.number === EXECUTION_METADATA_FIELD) metadata = field.bytes
  }
  // What is cached says how it once was, somewhere.
  return { exitCode, ...(cached || metadata === undefined ? {} : phaseTimes(metadata)) }
}

/** Of what was executed, in milliseconds: inputs, command, outputs. */
function phaseTimes(metadata: Uint8Array): Record<string, number> {
  const message = reapi.ExecutedActionMetadata.deserializeBinary(metadata)
  const phases = {
    stagedMs: [message.getInputFetchStartTimestamp(), message.getInputFetchCompletedTimestamp()],
    ranMs: [message.getExecutionStartTimestamp(), message.getExecutionCompletedTimestamp()],
    collectedMs: [message.getOutputUploadStartTimestamp(), message.getOutputUploadCompletedTimestamp()],
  }
  return Object.fromEntries(
    Object.entries(phases).flatMap(([name, [start, end]]) => {
      if (start === undefined || end === undefined) return []
      return [[name, Math.round(reapi.timestampToMillis(end) - reapi.timestampToMillis(start))]]
    }),
  )
}
