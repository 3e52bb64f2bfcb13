import type { RunOptions } from '@gorego/core'
import type { Arguments } from '../command.js'
import { UsageError } from '../usage-error.js'
import { checkRelative, parseInput } from './parse-input.js'

/** Not the PATH of whoever calls: the same command shall be the same action for everybody. */
const DEFAULT_ENV = { PATH: '/usr/local/bin:/usr/bin:/bin' }

/** Turns the flags of `gorego run` into the action that they describe. */
export async function actionSpec(args: Arguments, cwd: string): Promise<RunOptions> {
  if (args.commandLine.length === 0) throw new UsageError('no command: put it behind --', 'gorego run --help')
  const inputs = await Promise.all(args.texts('input').map((text) => parseInput(text, cwd)))
  const timeout = args.text('timeout')
  return {
    argv: args.commandLine,
    inputs: distinct(inputs.flat()),
    outputs: args.texts('output').map(parseOutput),
    env: { ...DEFAULT_ENV, ...Object.fromEntries(args.texts('env').map(parseVariable)) },
    doNotCache: args.has('no-cache'),
    refresh: args.has('refresh'),
    ...(timeout === undefined ? {} : { timeoutMs: parseSeconds(timeout) * 1000 }),
  }
}

function distinct<Value>(entries: readonly [string, Value][]): Record<string, Value> {
  const known = new Set<string>()
  for (const [path] of entries) {
    if (known.has(path)) throw new UsageError(`two inputs want to be at ${path} in the action`)
    known.add(path)
  }
  return Object.fromEntries(entries)
}

function parseOutput(text: string): string {
  const path = checkRelative(text, `--output ${text}`)
  if (path === '') throw new UsageError(`--output ${text}: name a file or a directory in the directory of the action`)
  return path
}

function parseVariable(text: string): [string, string] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? []
  if (name === undefined || value === undefined) {
    throw new UsageError(`--env: got ${JSON.stringify(text)}, want NAME=VALUE`, 'gorego run --help')
  }
  return [name, value]
}

function parseSeconds(text: string): number {
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : 0
  if (seconds > 0) return seconds
  throw new UsageError(`--timeout: got ${JSON.stringify(text)}, want a number of seconds above 0`, 'gorego run --help')
}
