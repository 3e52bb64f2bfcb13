import type { RemoteOperation } from '@gorego/server'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { readCount } from '../../ui/amounts.js'
import { EXIT } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { operationJson, operationTable } from '../../ui/operation-view.js'
import { REMOTE_EXIT_CODES } from '../remote-exit-codes.js'

const DEFAULT_LIMIT = 100

/** What a server is asked for at once. */
const PAGE = 500

export const ls: Command = {
  name: 'ls',
  usage: '[flags]',
  summary: 'List what waits and runs',
  description:
    'Lists the operations that wait and run, the oldest first: name, stage, since when it is in that, and for what.',
  flags: {
    all: { type: 'boolean', conflicts: 'done', describe: 'Those that are done, too, as far as the server remembers' },
    done: { type: 'boolean', describe: 'Only those that are done' },
    limit: {
      type: 'string',
      requiresArg: true,
      describe: 'How many at most',
      defaultDescription: String(DEFAULT_LIMIT),
    },
    json: { type: 'boolean', describe: 'Print one JSON document' },
    ...REMOTE_FLAGS,
  },
  examples: [
    ['gorego ops ls', 'on this machine'],
    ['gorego ops ls --all --json --remote grpcs://build.example:443 --token-file token', 'elsewhere, for a script'],
  ],
  epilogue: REMOTE_EXIT_CODES,
  takesCommandLine: false,
  run: list,
}

async function list(args: Arguments, host: Host): Promise<number> {
  const limit = readCount(args.text('limit') ?? String(DEFAULT_LIMIT), '--limit', 'gorego ops ls --help')
  return await withRemote(args, host, async ({ operations }, signal) => {
    const found: RemoteOperation[] = []
    let more = false
    const filter = args.has('all') ? {} : { done: args.has('done') }
    for await (const operation of operations.list({ ...filter, pageSize: Math.min(limit + 1, PAGE) }, signal)) {
      more = found.length === limit
      if (more) break
      found.push(operation)
    }
    if (args.has('json')) {
      host.out(jsonText({ operations: found.map((operation) => operationJson(operation)), more }))
      return EXIT.ok
    }
    if (found.length === 0) host.out('no operations\n')
    else host.out(operationTable(found, Date.now()))
    if (more) host.err.write(`gorego: there are more than ${limit}: --limit\n`)
    return EXIT.ok
  })
}
