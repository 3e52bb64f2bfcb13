import type { VerifiedBlob } from '@gorego/core'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { showBytes } from '../../ui/amounts.js'
import { EXIT, exitCodeHelp } from '../../ui/exit-codes.js'
import { Interruption } from '../../ui/interruption.js'
import { jsonText } from '../../ui/json-text.js'
import { ProgressLine } from '../../ui/progress-line.js'
import { CACHE_FLAGS, whichCache } from './which-cache.js'

export const verify: Command = {
  name: 'verify',
  usage: '[flags]',
  summary: 'Read every blob and compare it with its digest',
  description:
    'Reads every blob and compares it with its digest, and prints those that are something else. A server may be running.',
  flags: {
    ...CACHE_FLAGS,
    remove: { type: 'boolean', describe: 'Remove what is not what it should be; clients then send or build it again' },
    json: { type: 'boolean', describe: 'Print one JSON document' },
  },
  examples: [
    ['gorego cache verify', 'after a power cut, or when a disk is suspected'],
    ['gorego cache verify --remove', 'and put it right'],
  ],
  epilogue: `Two files are read at a time; for little else than idle time, start it with nice and ionice.

${exitCodeHelp('Exit codes:', [EXIT.ok, EXIT.bad, EXIT.usage, EXIT.internal, EXIT.interrupted, EXIT.terminated])}`,
  takesCommandLine: false,
  run: compare,
}

async function compare(args: Arguments, host: Host): Promise<number> {
  const { dir } = await whichCache(args, host)
  const { verifyStore } = await import('@gorego/core')
  using interruption = new Interruption(host)
  const found: { readonly path: string; readonly digest: string; readonly problem: string }[] = []
  let files = 0
  let bytes = 0
  using progress = new ProgressLine(host, () => `${files} files read, ${showBytes(bytes)}`)
  const onFile = ({ file: { path, digest }, problem }: VerifiedBlob) => {
    files++
    bytes += digest.sizeBytes
    if (problem === undefined) return
    found.push({ path, digest: String(digest), problem })
    if (!args.has('json')) progress.print(`${path} ${problem}\n`)
  }
  try {
    await verifyStore({ dir, remove: args.has('remove'), onFile }, interruption.signal)
  } catch (error) {
    if (interruption.exitCode === undefined) throw error
  }
  progress[Symbol.dispose]()
  const removed = args.has('remove')
  if (args.has('json')) {
    host.out(jsonText({ dir, files, complete: interruption.exitCode === undefined, removed, corrupt: found }))
  } else {
    const what =
      found.length === 0 ? 'all are what they should be' : `${found.length} corrupt${removed ? ', removed' : ''}`
    host.out(`${files} files read: ${what}${interruption.exitCode === undefined ? '' : ', as far as it got'}\n`)
  }
  return interruption.exitCode ?? (found.length === 0 ? EXIT.ok : EXIT.bad)
}
