import type { ExecutionError, Output, RunResult } from '@gorego/core'

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
    parts.push(`cached, ${duration(totalMs)} in all (${duration(result.timings.executionMs)} when it ran)`)
  else if (result !== undefined)
    parts.push(`ran for ${duration(result.timings.executionMs)}, ${duration(totalMs)} in all`)
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

function outputJson(output: Output): Record<string, unknown> {
  const { kind, path } = output
  if (output.kind === 'symlink') return { kind, path, target: output.target }
  if (output.kind === 'directory') {
    const { tree, rootDirectory } = output
    return { kind, path, ...(tree && { tree: String(tree) }), ...(rootDirectory && { root: String(rootDirectory) }) }
  }
  return { kind, path, digest: String(output.digest), executable: output.executable }
}

function duration(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
}
