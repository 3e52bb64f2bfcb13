import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { EXIT } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { operationJson, operationTable } from '../../ui/operation-view.js'
import { JUDGING_EXIT_CODES } from '../remote-exit-codes.js'
import { OPERATION_STEPS } from '../remote-next-steps.js'
import { endingOf, isGood } from './ending.js'

export const wait: Command = {
  name: 'wait',
  usage: '[flags] NAME…',
  summary: 'Wait until operations are done',
  description: 'Waits until operations are done, and says what became of each.',
  flags: { json: { type: 'boolean', describe: 'Print one JSON document' }, ...REMOTE_FLAGS },
  operands: { what: 'NAME', atLeast: 1, atMost: Number.POSITIVE_INFINITY },
  examples: [['gorego ops wait 3f1c9c8e-… && echo good', 'its exit code says whether all went well']],
  epilogue: `Who waits counts as a client of the operation: it is not given up.\n\n${JUDGING_EXIT_CODES}`,
  takesCommandLine: false,
  run: waitForAll,
}

async function waitForAll(args: Arguments, host: Host): Promise<number> {
  return await withRemote(
    args,
    host,
    async ({ operations, blobs }, signal) => {
      const done = await Promise.all(args.operands.map((name) => operations.wait(name, signal)))
      const endings = await Promise.all(done.map((operation) => endingOf(operation, blobs, signal)))
      if (args.has('json')) {
        host.out(
          jsonText({ operations: done.map((operation, at) => operationJson(operation, undefined, endings[at])) }),
        )
      } else host.out(operationTable(done, Date.now()))
      return endings.every(isGood) ? EXIT.ok : EXIT.bad
    },
    OPERATION_STEPS,
  )
}
