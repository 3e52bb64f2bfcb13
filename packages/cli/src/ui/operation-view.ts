import type { RunResult } from '@gorego/core'
import type { RemoteOperation } from '@gorego/server'
import { showDuration } from './amounts.js'
import { plainLine } from './plain-text.js'
import { resultJson } from './result-view.js'
import { facts, table } from './table.js'

/** How an operation ended: what there is of a result, and what else went wrong. */
export interface Ending {
  readonly result: RunResult | undefined
  readonly problem: string | undefined
}

/** A line each: name, stage, since when, for what. `now` in milliseconds since 1970. */
export function operationTable(operations: readonly RemoteOperation[], now: number): string {
  const rows = operations.map((operation) => [
    plainLine(operation.name),
    stageOf(operation),
    ageOf(operation.since, now),
    forWhat(operation),
  ])
  return table(['NAME', 'STAGE', 'SINCE', 'FOR'], rows)
}

export function operationFacts(
  operation: RemoteOperation,
  command: readonly string[] | undefined,
  now: number,
): string {
  const { name, action, createdAt, since, origin } = operation
  const said = (text: string | undefined) => text && plainLine(text)
  return facts([
    ['operation', plainLine(name)],
    ['stage', `${stageOf(operation)}${since === undefined ? '' : `, since ${ageOf(since, now)}`}`],
    ['asked for', createdAt === undefined ? undefined : new Date(createdAt).toISOString()],
    ['target', said(origin.target)],
    ['mnemonic', said(origin.mnemonic)],
    ['tool', said(origin.tool)],
    ['invocation', said(origin.invocation)],
    ['action', action && String(action)],
    ['command', command?.map(shellWord).join(' ')],
  ])
}

export function operationJson(
  operation: RemoteOperation,
  command?: readonly string[],
  ending?: Ending,
): Record<string, unknown> {
  const { name, stage, done, action, createdAt, since, origin, response } = operation
  return {
    name,
    stage: stage ?? null,
    done,
    ...(createdAt === undefined ? {} : { createdAt: new Date(createdAt).toISOString() }),
    ...(since === undefined ? {} : { since: new Date(since).toISOString() }),
    ...origin,
    ...(action && { action: String(action) }),
    ...(command && { command }),
    ...(response && { cached: response.getCachedResult() }),
    ...(ending?.problem === undefined ? {} : { error: ending.problem }),
    ...(ending?.result && { result: resultJson(ending.result) }),
  }
}

/** As a shell would need it, where it would matter; what is no letter is shown as an escape. */
export function shellWord(word: string): string {
  return plainLine(/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
}

function stageOf({ stage, failure, response }: RemoteOperation): string {
  if (stage !== 'completed') return stage ?? 'unknown'
  if (failure !== undefined || (response?.getStatus()?.getCode() ?? 0) !== 0) return 'failed'
  const exitCode = response?.getResult()?.getExitCode() ?? 0
  return exitCode === 0 ? (response?.getCachedResult() ? 'cached' : 'completed') : `exit code ${exitCode}`
}

function ageOf(since: number | undefined, now: number): string {
  return since === undefined ? '-' : showDuration(Math.max(0, now - since))
}

function forWhat({ origin, action }: RemoteOperation): string {
  const said = [origin.mnemonic, origin.target].filter((text) => text !== undefined)
  return said.length === 0 ? (action === undefined ? '-' : `action ${action}`) : plainLine(said.join(' '))
}
