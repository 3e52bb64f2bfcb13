import type { ContentAddressableStorage, Digest } from '@gorego/core'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { readCount, showBytes } from '../../ui/amounts.js'
import { DirectoryTree, treeJson, treeLine } from '../../ui/directory-tree.js'
import { EXIT } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { REMOTE_EXIT_CODES } from '../remote-exit-codes.js'
import { DIRECTORY_STEPS } from '../remote-next-steps.js'

const DEFAULT_LIMIT = 1000

export const tree: Command = {
  name: 'tree',
  usage: '[flags] DIGEST',
  summary: 'Show a directory and all below it',
  description: 'Shows a directory, or the input root of an action, with all below it and the sizes of files.',
  flags: {
    limit: {
      type: 'string',
      requiresArg: true,
      describe: 'How many entries at most',
      defaultDescription: String(DEFAULT_LIMIT),
    },
    json: { type: 'boolean', describe: 'Print one JSON document' },
    ...REMOTE_FLAGS,
  },
  operands: { what: 'DIGEST', atLeast: 1, atMost: 1 },
  examples: [['gorego cas tree 9f86d081…/142', 'an Action: what its command finds']],
  epilogue: REMOTE_EXIT_CODES,
  takesCommandLine: false,
  run: show,
}

async function show(args: Arguments, host: Host): Promise<number> {
  const { parseDigest, readDirectory } = await import('@gorego/core')
  const digest = parseDigest(args.operands[0] ?? '')
  const limit = readCount(args.text('limit') ?? String(DEFAULT_LIMIT), '--limit', 'gorego cas tree --help')
  return await withRemote(
    args,
    host,
    async ({ blobs }, signal) => {
      const root = await rootOf(blobs, digest, signal)
      const found = new DirectoryTree({ read: (directory) => readDirectory(blobs, directory, signal), limit })
      if (args.has('json')) {
        const entries: Record<string, unknown>[] = []
        for await (const entry of found.entries(root)) entries.push(treeJson(entry))
        const { files, directories, bytes, isCut: more } = found
        host.out(jsonText({ root: String(root), entries, directories, files, bytes, more }))
        return EXIT.ok
      }
      // Only now: what is no directory has no lines.
      let head = `${root}\n`
      for await (const entry of found.entries(root)) {
        host.out(`${head}${treeLine(entry)}\n`)
        head = ''
      }
      const { files, directories, bytes, isCut } = found
      host.out(`${head}\n${directories} directories, ${files} files, ${showBytes(bytes)}\n`)
      if (isCut) host.err.write(`gorego: that is not all: --limit\n`)
      return EXIT.ok
    },
    DIRECTORY_STEPS,
  )
}

/** Of an Action, its input root. A Directory does not parse as one: where an Action has digests, that has names. */
async function rootOf(blobs: ContentAddressableStorage, digest: Digest, signal: AbortSignal): Promise<Digest> {
  const { GoregoError, reapi } = await import('@gorego/core')
  try {
    const action = reapi.decode(reapi.Action, await blobs.get(digest, signal), `the Action ${digest}`)
    reapi.fromDigestMessage(digest.fn, action.getCommandDigest(), 'command_digest')
    return reapi.fromDigestMessage(digest.fn, action.getInputRootDigest(), 'input_root_digest')
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'invalid-argument') return digest
    throw error
  }
}
