import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Arguments, Command } from '../command.js'
import type { Host } from '../host.js'
import { DEFAULT_REMOTE } from '../remote/which-remote.js'
import { bazelrcLines } from '../ui/bazelrc-lines.js'
import { EXIT } from '../ui/exit-codes.js'
import { withFile } from '../ui/file-problem.js'
import { jsonText } from '../ui/json-text.js'
import { UsageError } from '../usage-error.js'

const BEGIN = '# gorego: begin'
const END = '# gorego: end'
const OUR_LINES = new RegExp(`^${BEGIN}\\n[\\s\\S]*?^${END}\\n?`, 'm')

export const bazelrc: Command = {
  name: 'bazelrc',
  usage: '[flags]',
  summary: 'Print the lines that a .bazelrc needs',
  description: 'Prints what makes Bazel execute and cache on a gorego server.',
  flags: {
    remote: {
      type: 'string',
      requiresArg: true,
      describe: 'The server: grpc://host:port, grpcs://host:port or unix:/path',
      defaultDescription: DEFAULT_REMOTE,
    },
    append: {
      type: 'string',
      describe: 'Write them into a file, .bazelrc here if none is named; lines of an earlier time are replaced',
    },
    json: { type: 'boolean', describe: 'Print one JSON document' },
  },
  examples: [
    ['gorego bazelrc', 'for a server on this machine'],
    ['gorego bazelrc --remote grpc://build.example:50051 --append', 'into the .bazelrc here'],
  ],
  epilogue: `If Bazel shall refuse what cannot run remotely instead of running it here, add:\n\n  build --spawn_strategy=remote`,
  takesCommandLine: false,
  run: printBazelrc,
}

async function printBazelrc(args: Arguments, { out, err, surroundings }: Host): Promise<number> {
  const address = args.text('remote') ?? DEFAULT_REMOTE
  // Without a scheme Bazel would speak TLS.
  if (!/^(grpcs?:\/\/[^/\s]+|unix:\/\S+)$/.test(address)) {
    throw new UsageError(
      `--remote: got ${JSON.stringify(address)}, want grpc://host:port, grpcs://host:port or unix:/path`,
      'gorego bazelrc --help',
    )
  }
  const lines = bazelrcLines({ address })
  const text = `${lines.join('\n')}\n`
  const append = args.text('append')
  if (append === undefined) {
    out(args.has('json') ? jsonText({ remote: address, lines }) : text)
    return EXIT.ok
  }
  const file = resolve(surroundings.cwd, append === '' ? '.bazelrc' : append)
  await withFile(`--append ${file}`, async () => {
    await writeFile(file, withOurLines(await readIfThere(file), `${BEGIN}\n${text}${END}\n`))
  })
  if (args.has('json')) out(jsonText({ remote: address, lines, file }))
  else err.write(`gorego: wrote to ${file}\n`)
  return EXIT.ok
}

function withOurLines(text: string, ours: string): string {
  if (OUR_LINES.test(text)) return text.replace(OUR_LINES, () => ours)
  return text === '' || text.endsWith('\n') ? text + ours : `${text}\n${ours}`
}

async function readIfThere(file: string): Promise<string> {
  return await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
}
