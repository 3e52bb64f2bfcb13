import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { EXIT } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { resultJson, resultText } from '../../ui/result-view.js'
import { JUDGING_EXIT_CODES } from '../remote-exit-codes.js'

export const get: Command = {
  name: 'get',
  usage: '[flags] ACTION-DIGEST',
  summary: 'Tell the cached result of an action',
  description:
    'Tells what a server has cached as the result of an action: exit code, times, outputs, and what it printed.',
  flags: { json: { type: 'boolean', describe: 'Print one JSON document' }, ...REMOTE_FLAGS },
  operands: { what: 'ACTION-DIGEST', atLeast: 1, atMost: 1 },
  examples: [['gorego ac get 9f86d081…/142', 'as "gorego run --json" and "gorego ops ls" name actions']],
  epilogue: `An action without a cached result is exit code ${EXIT.bad}.\n\n${JUDGING_EXIT_CODES}`,
  takesCommandLine: false,
  run: tell,
}

async function tell(args: Arguments, host: Host): Promise<number> {
  const { parseDigest, RunResult } = await import('@gorego/core')
  const action = parseDigest(args.operands[0] ?? '')
  return await withRemote(args, host, async ({ results, blobs, instance }, signal) => {
    const bytes = await results.get({ instance, action }, signal)
    if (bytes === undefined) {
      host.err.write(`gorego: no result is cached for ${action}\n`)
      return EXIT.bad
    }
    const result = await RunResult.read(action, bytes, true, blobs, signal)
    host.out(args.has('json') ? jsonText({ action: String(action), ...resultJson(result) }) : resultText(result))
    return EXIT.ok
  })
}
