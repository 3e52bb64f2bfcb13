import type { Digest, OutputDifference, RunResult } from '@gorego/core'
import type { RemoteServer } from '@gorego/server'
import type { Arguments, Command } from '../command.js'
import type { Host } from '../host.js'
import { REMOTE_FLAGS } from '../remote/remote-flags.js'
import { withRemote } from '../remote/with-remote.js'
import { readCount } from '../ui/amounts.js'
import { EXIT } from '../ui/exit-codes.js'
import { jsonText } from '../ui/json-text.js'
import { plainLine } from '../ui/plain-text.js'
import { ProgressLine } from '../ui/progress-line.js'
import { UsageError } from '../usage-error.js'
import { JUDGING_EXIT_CODES } from './remote-exit-codes.js'
import { ACTION_STEPS } from './remote-next-steps.js'

export const verifyDeterminism: Command = {
  name: 'verify-determinism',
  usage: '[flags] [OPERATION|ACTION-DIGEST…]',
  summary: 'Run actions twice and tell what differs',
  description:
    'Has a server run actions twice, and tells which outputs are not alike, and where. What it has cached of them is neither used nor changed.',
  flags: {
    recent: { type: 'string', requiresArg: true, describe: 'So many of the actions that the server executed last' },
    recorded: {
      type: 'boolean',
      conflicts: 'recent',
      describe: 'Run nothing: tell what the server found by itself (execution.determinism_sample_rate)',
    },
    json: { type: 'boolean', describe: 'Print one JSON document' },
    ...REMOTE_FLAGS,
  },
  operands: { what: 'OPERATION|ACTION-DIGEST', atLeast: 0, atMost: Number.POSITIVE_INFINITY },
  examples: [
    ['gorego verify-determinism 9f86d081…/142', 'one action'],
    ['gorego verify-determinism --recent 20', 'a sample of a build'],
    ['gorego verify-determinism --recorded', 'what a server found that samples what it executes'],
  ],
  epilogue: `Copies of the actions are run that say do_not_cache. Names, as "gorego ops ls" has them, are good as long as the server remembers them.\n\n${JUDGING_EXIT_CODES}`,
  takesCommandLine: false,
  run: verify,
}

async function verify(args: Arguments, host: Host): Promise<number> {
  const seeAlso = 'gorego verify-determinism --help'
  const recent = args.text('recent')
  if (args.has('recorded')) {
    if (args.operands.length > 0) throw new UsageError('--recorded is of what the server ran again by itself', seeAlso)
    return await tellRecorded(args, host)
  }
  if (recent === undefined && args.operands.length === 0)
    throw new UsageError('which actions? Name some, or use --recent or --recorded', seeAlso)
  const many = recent === undefined ? 0 : readCount(recent, '--recent', seeAlso)
  return await withRemote(
    args,
    host,
    async (server, signal) => {
      const { compareOutputs } = await import('@gorego/core')
      const actions = [...(await named(args.operands, server, signal)), ...(await lastOnes(many, server, signal))]
      const verdicts: { action: string; differences: readonly OutputDifference[] }[] = []
      if (actions.length === 0) host.err.write('gorego: the server remembers no action that it executed\n')
      const distinct = [...new Map(actions.map((digest) => [digest.key, digest])).values()]
      using progress = new ProgressLine(host, () => `${verdicts.length} of ${distinct.length} actions compared`)
      for (const action of distinct) {
        const first = await runAfresh(action, server, signal)
        const second = await runAfresh(action, server, signal)
        const verdict = {
          action: String(action),
          differences: await compareOutputs(first, second, { cas: server.blobs }, signal),
        }
        verdicts.push(verdict)
        if (!args.has('json')) progress.print(verdictText(verdict))
      }
      progress[Symbol.dispose]()
      const isGood = verdicts.every(({ differences }) => differences.length === 0)
      if (args.has('json')) host.out(jsonText({ deterministic: isGood, actions: verdicts }))
      return isGood ? EXIT.ok : EXIT.bad
    },
    ACTION_STEPS,
  )
}

async function tellRecorded(args: Arguments, host: Host): Promise<number> {
  return await withRemote(args, host, async (server, signal) => {
    const { sampleRate, same, different, dropped, findings } = await server.determinism(signal)
    const actions = findings.map(({ action, foundAt, instance: _, ...rest }) => {
      return { action: String(action), foundAt: new Date(foundAt).toISOString(), ...rest }
    })
    const isGood = different === 0
    if (args.has('json')) {
      host.out(jsonText({ deterministic: isGood, sampleRate, same, different, dropped, actions }))
      return isGood ? EXIT.ok : EXIT.bad
    }
    for (const finding of actions) host.out(`${originOf(finding)}${verdictText(finding)}`)
    host.out(`${same + different} run again, ${different} differed, ${dropped} dropped\n`)
    if (sampleRate === 0)
      host.err.write('gorego: the server runs nothing again: execution.determinism_sample_rate in its configuration\n')
    return isGood ? EXIT.ok : EXIT.bad
  })
}

function originOf({ target, mnemonic }: { readonly target?: string; readonly mnemonic?: string }): string {
  const said = [mnemonic, target].filter((text) => text !== undefined)
  return said.length === 0 ? '' : `${plainLine(said.join(' '))}\n`
}

/** By digests, which have a slash, and by names of operations. */
async function named(words: readonly string[], { operations }: RemoteServer, signal: AbortSignal): Promise<Digest[]> {
  const { GoregoError, parseDigest } = await import('@gorego/core')
  return await Promise.all(
    words.map(async (word) => {
      if (word.includes('/')) return parseDigest(word)
      const { action } = await operations.get(word, signal)
      if (action !== undefined) return action
      throw new GoregoError('failed-precondition', `the server does not say what action the operation ${word} is of`)
    }),
  )
}

/** Of those that came to a result. */
async function lastOnes(many: number, { operations }: RemoteServer, signal: AbortSignal): Promise<Digest[]> {
  if (many === 0) return []
  const found = new Map<string, Digest>()
  for await (const { action, response } of operations.list({ done: true }, signal)) {
    if (action === undefined || (response?.getStatus()?.getCode() ?? 0) !== 0) continue
    // An action that ran again is among the last ones, too.
    found.delete(action.key)
    found.set(action.key, action)
  }
  return [...found.values()].slice(-many)
}

/** Runs a copy of an action that is not cached, nor merged with another one. */
async function runAfresh(action: Digest, server: RemoteServer, signal: AbortSignal): Promise<RunResult> {
  const { describeAction, Digest, GoregoError, RunResult } = await import('@gorego/core')
  await action.fn.prepare()
  const { action: message } = await describeAction(server.blobs, action, signal)
  const bytes = message.setDoNotCache(true).serializeBinary()
  const copy = Digest.ofBytes(action.fn, bytes)
  await server.blobs.write(copy, bytes, signal)
  const { response, failure } = await server.execute(copy, { skipCacheLookup: true }, signal)
  const status = response?.getStatus()
  if (failure !== undefined) throw failure
  const result = response?.getResult()
  if (result === undefined || (status?.getCode() ?? 0) !== 0)
    throw new GoregoError(
      'failed-precondition',
      `${action} did not come to an end: ${status?.getMessage() ?? 'no result'}`,
    )
  return await RunResult.read(copy, result.serializeBinary(), false, server.blobs, signal)
}

function verdictText({ action, differences }: { action: string; differences: readonly OutputDifference[] }): string {
  if (differences.length === 0) return `same    ${action}\n`
  const lines = differences.map(({ subject, first, second, offset }) => {
    const place = offset === undefined ? '' : ` (from byte ${offset})`
    return `  ${plainLine(subject)}${place}\n    ${plainLine(first)}\n    ${plainLine(second)}\n`
  })
  return `differs ${action}\n${lines.join('')}`
}
