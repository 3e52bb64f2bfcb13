import type { ExecutionError, RunResult } from '@gorego/core'
import { showDuration } from './amounts.js'
import { outputJson } from './output-json.js'

/** What became of a command that `gorego run` was given. */
export interface RunReport {
  readonly result: RunResult | undefined
  readonly failure: ExecutionError | undefined
  /** What gorego exits with. */
  readonly exitCode: number
  /** From the call to the result, in milliseconds. */
  readonly totalMs: number
  /** Where the outputs were written, if there were any. */
  readonly outDir: string | undefined
  /** Outputs that were asked for and not made. */
  readonly absent: readonly string[]
}

/** One line for a person. */
export function runSummary({ result, failure, totalMs, outDir, absent }: RunReport): string {
  const parts = failure === undefined ? [`exit code ${result?.exitCode}`] : [failure.message]
  if (result?.cached)
    parts.push(`cached, ${showDuration(totalMs)} in all (${showDuration(result.timings.executionMs)} when it ran)`)
  else if (result !== undefined)
    parts.push(`ran for ${showDuration(result.timings.executionMs)}, ${showDuration(totalMs)} in all`)
  const made = result?.outputs.size ?? 0
  if (made > 0) parts.push(`${made} ${made === 1 ? 'output' : 'outputs'} in ${outDir}`)
  if (absent.length > 0) parts.push(`not made: ${absent.join(', ')}`)
  return parts.join('; ')
}

/** The same for a program: one JSON document. */
export function runJson({ result, failure, exitCode, totalMs, outDir, absent }: RunReport): string {
  const document = {
    exitCode,
    ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message } }),
    ...(result === undefined
      ? {}
      : {
          action: String(result.action),
          cached: result.cached,
          stdout: result.stdout,
          stderr: result.stderr,
          outputs: [...result.outputs.values()].map(outputJson),
          timings: { ...result.timings, totalMs: Math.round(totalMs) },
          worker: result.worker,
          ...(result.resources && { resources: result.resources }),
        }),
    ...(outDir === undefined ? {} : { outDir }),
    outputsNotMade: absent,
  }
  return `${JSON.stringify(document, undefined, 2)}\n`
}
