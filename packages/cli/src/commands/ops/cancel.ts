import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { EXIT } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { operationJson, operationTable } from '../../ui/operation-view.js'
import { REMOTE_EXIT_CODES } from '../remote-exit-codes.js'
import { OPERATION_STEPS } from '../remote-next-steps.js'

export const cancel: Command = {
  name: 'cancel',
  usage: '[flags] NAME…',
  summary: 'Cancel operations',
  description:
    'Cancels operations for everybody who waits for them, and says what became of them. One that is done stays as it is.',
  flags: { json: { type: 'boolean', describe: 'Print one JSON document' }, ...REMOTE_FLAGS },
  operands: { what: 'NAME', atLeast: 1, atMost: Number.POSITIVE_INFINITY },
  examples: [['gorego ops cancel 3f1c9c8e-…', 'as "gorego ops ls" calls it']],
  epilogue: REMOTE_EXIT_CODES,
  takesCommandLine: false,
  run: cancelAll,
}

async function cancelAll(args: Arguments, host: Host): Promise<number> {
  return await withRemote(
    args,
    host,
    async ({ operations }, signal) => {
      for (const name of args.operands) await operations.cancel(name, signal)
      const ended = await Promise.all(args.operands.map((name) => operations.get(name, signal)))
      if (args.has('json')) host.out(jsonText({ operations: ended.map((operation) => operationJson(operation)) }))
      else host.out(operationTable(ended, Date.now()))
      return EXIT.ok
    },
    OPERATION_STEPS,
  )
}
