import type { ExplainSubject } from '@gorego/server'
import type { Arguments, Command } from '../command.js'
import type { Host } from '../host.js'
import { REMOTE_FLAGS } from '../remote/remote-flags.js'
import { withRemote } from '../remote/with-remote.js'
import { EXIT } from '../ui/exit-codes.js'
import { explanationText } from '../ui/explanation-view.js'
import { jsonText } from '../ui/json-text.js'
import { UsageError } from '../usage-error.js'
import { REMOTE_EXIT_CODES } from './remote-exit-codes.js'

export const why: Command = {
  name: 'why',
  usage: '[flags] OPERATION | TARGET | ACTION-DIGEST',
  summary: 'Tell why an action ran again',
  description:
    'Tells what differs between an action and the last one before it of the same target: arguments, variables, platform, and which input files.',
  flags: {
    json: { type: 'boolean', describe: 'Print one JSON document' },
    mnemonic: { type: 'string', describe: 'With a target: only actions of this kind, such as CppCompile' },
    against: { type: 'string', describe: 'Compare with this action instead, by its digest' },
    ...REMOTE_FLAGS,
  },
  operands: { what: 'OPERATION, TARGET or ACTION-DIGEST', atLeast: 1, atMost: 1 },
  examples: [
    ['gorego why //app:main', 'the last action of a target, as Bazel calls it'],
    ['gorego why --mnemonic CppCompile //app:main', 'the last one of a kind'],
    ['gorego why 3f1c9c8e-…', 'an operation, as "gorego ops ls" names it'],
    ['gorego why 9f86d081…/142 --against 2c26b46b…/142', 'two actions, by their digests'],
  ],
  epilogue: REMOTE_EXIT_CODES,
  takesCommandLine: false,
  run: tell,
}

const DIGEST = /^([a-z0-9]+:)?[0-9a-f]{32,}[/:]\d+$/

/** Names of operations are UUIDs. */
const OPERATION = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

async function tell(args: Arguments, host: Host): Promise<number> {
  const subject = await subjectOf(args)
  return await withRemote(args, host, async (server, signal) => {
    const explanation = await server.explain(subject, signal)
    if (args.has('json')) {
      const { action, previous, previousAt, comparison, ...about } = explanation
      host.out(
        jsonText({
          action: String(action),
          ...about,
          ...(previous && { previous: String(previous) }),
          ...(previousAt && { previousAt: new Date(previousAt).toISOString() }),
          ...comparison,
        }),
      )
    } else host.out(explanationText(explanation))
    return EXIT.ok
  })
}

async function subjectOf(args: Arguments): Promise<ExplainSubject> {
  const { parseDigest } = await import('@gorego/core')
  const [what = ''] = args.operands
  const [mnemonic, other] = [args.text('mnemonic'), args.text('against')]
  const against = other === undefined ? {} : { against: parseDigest(other) }
  if (DIGEST.test(what)) {
    if (other === undefined)
      throw new UsageError('an action by itself has none before it: name another with --against DIGEST')
    return { action: parseDigest(what), ...against }
  }
  if (OPERATION.test(what)) return { operation: what, ...against }
  return { target: what, ...(mnemonic === undefined ? {} : { mnemonic }), ...against }
}
