import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { DIGEST_FUNCTION_FLAG, digestFunction } from '../../remote/digest-function.js'
import { REMOTE_FLAGS } from '../../remote/remote-flags.js'
import { withRemote } from '../../remote/with-remote.js'
import { showBytes } from '../../ui/amounts.js'
import { EXIT } from '../../ui/exit-codes.js'
import { withFile } from '../../ui/file-problem.js'
import { jsonText } from '../../ui/json-text.js'
import { plainLine } from '../../ui/plain-text.js'
import { ProgressLine } from '../../ui/progress-line.js'
import { UsageError } from '../../usage-error.js'
import { REMOTE_EXIT_CODES } from '../remote-exit-codes.js'

export const put: Command = {
  name: 'put',
  usage: '[flags] FILE…',
  summary: 'Store files',
  description:
    'Stores the contents of files, unless the server has them, and prints a line with digest and name for each.',
  flags: {
    'digest-function': DIGEST_FUNCTION_FLAG,
    json: { type: 'boolean', describe: 'Print one JSON document' },
    ...REMOTE_FLAGS,
  },
  operands: { what: 'FILE', atLeast: 1, atMost: Number.POSITIVE_INFINITY },
  examples: [['gorego cas put main.o', 'prints its digest, by which "gorego cas get" fetches it']],
  epilogue: REMOTE_EXIT_CODES,
  takesCommandLine: false,
  run: storeAll,
}

async function storeAll(args: Arguments, host: Host): Promise<number> {
  const { loadDigestFunction, storeFile } = await import('@gorego/core')
  const fn = await loadDigestFunction(await digestFunction(args, 'gorego cas put --help'))
  return await withRemote(args, host, async ({ blobs }, signal) => {
    const stored: { file: string; digest: string }[] = []
    let line = 'storing files'
    using progress = new ProgressLine(host, () => line)
    for (const file of args.operands) {
      const path = resolve(host.surroundings.cwd, file)
      const stats = await withFile(file, () => stat(path))
      if (!stats.isFile()) throw new UsageError(`${file} is no file`, 'gorego cas put --help')
      const onProgress = (stage: 'hashing' | 'sending', bytes: number) => {
        line = `${stage} ${plainLine(file)}, ${showBytes(bytes)} of ${showBytes(stats.size)}`
      }
      line = `storing ${plainLine(file)}`
      const digest = String(
        await withFile(file, () => storeFile(blobs, fn, { path, size: stats.size, onProgress }, signal)),
      )
      stored.push({ file, digest })
      if (!args.has('json')) progress.print(`${digest}  ${file}\n`)
    }
    if (args.has('json')) progress.print(jsonText({ stored }))
    return EXIT.ok
  })
}
