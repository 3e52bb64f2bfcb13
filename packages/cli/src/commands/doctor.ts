import type { Arguments, Command } from '../command.js'
import type { Finding, Level } from '../doctor/finding.js'
import type { Host } from '../host.js'
import { REMOTE_FLAGS } from '../remote/remote-flags.js'
import { maybeRemote, whichRemote } from '../remote/which-remote.js'
import { EXIT } from '../ui/exit-codes.js'
import { Interruption } from '../ui/interruption.js'
import { jsonText } from '../ui/json-text.js'
import { plainLine } from '../ui/plain-text.js'
import { CACHE_FLAGS, whichCache } from './cache/which-cache.js'
import { JUDGING_EXIT_CODES } from './remote-exit-codes.js'

const COLOURS: Record<Level, number> = { ok: 32, warn: 33, fail: 31 }

export const doctor: Command = {
  name: 'doctor',
  usage: '[flags]',
  summary: 'Look for what is wrong, and say what to do about it',
  description:
    'Looks at this machine (limits, disk, launcher, sandbox) and at a server: what it speaks, whether it runs an echo, and its clock. Where none is named and none answers on this machine, one is started for it.',
  flags: { ...CACHE_FLAGS, json: { type: 'boolean', describe: 'Print one JSON document' }, ...REMOTE_FLAGS },
  examples: [
    ['gorego doctor', 'before the first build, or when one fails'],
    ['gorego doctor --remote grpc://build.example:50051', 'this machine, and that server'],
  ],
  epilogue: `A warning is no failure: the exit code is then ${EXIT.ok}.\n\n${JUDGING_EXIT_CODES}`,
  takesCommandLine: false,
  run: look,
}

async function look(args: Arguments, host: Host): Promise<number> {
  const { dir } = await whichCache(args, host)
  const isNamed = (await maybeRemote(args, host)) !== undefined
  const remote = await whichRemote(args, host)
  using interruption = new Interruption(host)
  const { examine } = await import('../doctor/examine.js')
  const findings: Finding[] = []
  try {
    for await (const finding of examine({ remote, isNamed, dir, host }, interruption.signal)) {
      findings.push(finding)
      if (!args.has('json')) host.out(line(finding, host.outHasColours))
    }
  } catch (error) {
    if (interruption.exitCode === undefined) throw error
    return interruption.exitCode
  }
  const isGood = findings.every(({ level }) => level !== 'fail')
  if (args.has('json')) host.out(jsonText({ ok: isGood, findings }))
  return isGood ? EXIT.ok : EXIT.bad
}

function line({ about, level, message, nextStep }: Finding, hasColours: boolean): string {
  const shown = level.padEnd(4)
  const mark = hasColours ? `\u001b[${COLOURS[level]}m${shown}\u001b[39m` : shown
  const step = nextStep === undefined ? '' : `                   ${plainLine(nextStep)}\n`
  return `${mark}  ${about.padEnd(11)}  ${plainLine(message)}\n${step}`
}
