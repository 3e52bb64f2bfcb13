import type { DirectoryEntry } from '@gorego/core'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { EXIT } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { plainLine } from '../../ui/plain-text.js'
import { facts } from '../../ui/table.js'
import { REMOTE_EXIT_CODES } from '../remote-exit-codes.js'
import { DIRECTORY_STEPS } from '../remote-next-steps.js'

export const ls: Command = {
  name: 'ls',
  usage: '[flags] DIRECTORY-DIGEST',
  summary: 'List a directory',
  description: 'Lists the entries of a directory (a Directory of the protocol): kind, digest, name.',
  flags: { json: { type: 'boolean', describe: 'Print one JSON document' }, ...REMOTE_FLAGS },
  operands: { what: 'DIRECTORY-DIGEST', atLeast: 1, atMost: 1 },
  examples: [['gorego cas ls 9f86d081…/142', 'the input root of an action, say']],
  epilogue: REMOTE_EXIT_CODES,
  takesCommandLine: false,
  run: list,
}

async function list(args: Arguments, host: Host): Promise<number> {
  const { parseDigest, readDirectory } = await import('@gorego/core')
  const digest = parseDigest(args.operands[0] ?? '')
  return await withRemote(
    args,
    host,
    async ({ blobs }, signal) => {
      const entries = await readDirectory(blobs, digest, signal)
      if (args.has('json')) host.out(jsonText({ directory: String(digest), entries: entries.map(entryJson) }))
      else host.out(facts(entries.map((entry) => [kindOf(entry), line(entry)])))
      return EXIT.ok
    },
    DIRECTORY_STEPS,
  )
}

function kindOf(entry: DirectoryEntry): string {
  if (entry.kind === 'file') return entry.executable ? 'program' : 'file'
  return entry.kind === 'symlink' ? 'link' : 'directory'
}

function line(entry: DirectoryEntry): string {
  const name = plainLine(entry.name)
  return entry.kind === 'symlink' ? `${name} -> ${plainLine(entry.target)}` : `${entry.digest}  ${name}`
}

function entryJson(entry: DirectoryEntry): Record<string, unknown> {
  return entry.kind === 'symlink' ? { ...entry } : { ...entry, digest: String(entry.digest) }
}
