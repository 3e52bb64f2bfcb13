import type { ContentAddressableStorage, Digest } from '@gorego/core'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { EXIT } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { operationFacts, operationJson } from '../../ui/operation-view.js'
import { plainText } from '../../ui/plain-text.js'
import { resultText } from '../../ui/result-view.js'
import { REMOTE_EXIT_CODES } from '../remote-exit-codes.js'
import { OPERATION_STEPS } from '../remote-next-steps.js'
import { endingOf } from './ending.js'

export const show: Command = {
  name: 'show',
  usage: '[flags] NAME',
  summary: 'Tell all about one operation',
  description: 'Tells what is known of an operation: its command, who asked for it, and how it ended if it has.',
  flags: { json: { type: 'boolean', describe: 'Print one JSON document' }, ...REMOTE_FLAGS },
  operands: { what: 'NAME', atLeast: 1, atMost: 1 },
  examples: [['gorego ops show 3f1c9c8e-…', 'as "gorego ops ls" and the log of the server call it']],
  epilogue: REMOTE_EXIT_CODES,
  takesCommandLine: false,
  run: tell,
}

async function tell(args: Arguments, host: Host): Promise<number> {
  const [name = ''] = args.operands
  return await withRemote(
    args,
    host,
    async ({ operations, blobs }, signal) => {
      const operation = await operations.get(name, signal)
      const command = await commandOf(operation.action, blobs, signal)
      const ending = operation.done ? await endingOf(operation, blobs, signal) : undefined
      if (args.has('json')) {
        host.out(jsonText(operationJson(operation, command, ending)))
        return EXIT.ok
      }
      host.out(operationFacts(operation, command, Date.now()))
      if (ending?.problem !== undefined) host.out(`error: ${plainText(ending.problem)}\n`)
      if (ending?.result !== undefined) host.out(resultText(ending.result))
      return EXIT.ok
    },
    OPERATION_STEPS,
  )
}

/** Undefined where the server has the action no longer, or would not show it. */
async function commandOf(
  action: Digest | undefined,
  blobs: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<readonly string[] | undefined> {
  const { describeAction, GoregoError } = await import('@gorego/core')
  try {
    return action && (await describeAction(blobs, action, signal)).command.getArgumentsList()
  } catch (error) {
    if (error instanceof GoregoError) return undefined
    throw error
  }
}
