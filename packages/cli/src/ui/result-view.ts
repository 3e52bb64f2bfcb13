import type { Output, RunResult } from '@gorego/core'
import { showBytes, showDuration } from './amounts.js'
import { outputJson } from './output-json.js'
import { plainLine, plainText } from './plain-text.js'
import { facts } from './table.js'

/** Lines of what a command printed; all of it is in the JSON, and in the blob. */
const MOST_LINES = 20

/** What became of an action, for a person: exit code, times, outputs, and the end of what it printed. */
export function resultText(result: RunResult): string {
  const { exitCode, timings, worker, outputs, resources } = result
  const { queuedMs, stagingMs, executionMs, collectingMs } = timings
  const times = [
    ['queued', queuedMs],
    ['inputs', stagingMs],
    ['command', executionMs],
    ['outputs', collectingMs],
  ] as const
  const used = resources && [
    `${showDuration(resources.userCpuMs + resources.systemCpuMs)} of CPU`,
    ...(resources.peakMemoryBytes === undefined ? [] : [`${showBytes(resources.peakMemoryBytes)} of memory`]),
  ]
  return [
    facts([
      ['exit code', String(exitCode)],
      ['times', times.map(([name, ms]) => `${name} ${showDuration(ms)}`).join(', ')],
      ['used', used?.join(', ')],
      ['worker', worker === '' ? undefined : plainLine(worker)],
      ['outputs', outputs.size === 0 ? 'none' : String(outputs.size)],
    ]),
    facts([...outputs.values()].map((output) => [`  ${plainLine(output.path)}`, outputText(output)])),
    printed('stdout', result.stdout),
    printed('stderr', result.stderr),
  ].join('')
}

export function resultJson({ exitCode, stdout, stderr, outputs, timings, worker, resources }: RunResult) {
  return {
    exitCode,
    stdout,
    stderr,
    outputs: [...outputs.values()].map(outputJson),
    timings,
    worker,
    ...(resources && { resources }),
  }
}

function outputText(output: Output): string {
  if (output.kind === 'symlink') return `-> ${plainLine(output.target)}`
  if (output.kind === 'directory') return `directory, ${output.tree ? `tree ${output.tree}` : output.rootDirectory}`
  return `${output.digest}${output.executable ? ', executable' : ''}`
}

function printed(name: string, text: string): string {
  if (text === '') return ''
  const lines = plainText(text).trimEnd().split('\n')
  const shown = lines.slice(-MOST_LINES)
  const more = lines.length > shown.length ? `, the last ${shown.length} of ${lines.length} lines` : ''
  return `${name}${more}\n${shown.map((line) => `  ${line}\n`).join('')}`
}
