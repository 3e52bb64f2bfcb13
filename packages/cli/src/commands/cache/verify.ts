import type { VerifiedBlob } from '@gorego/core'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { EXIT, exitCodeHelp } from '../../ui/exit-codes.js'
import { Interruption } from '../../ui/interruption.js'
import { CACHE_FLAGS, whichCache } from './which-cache.js'

/** Between two lines for a person who waits. */
const PROGRESS_EVERY_MS = 200

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
  using progress = new Progress(host)
  const onFile = ({ file: { path, digest }, problem }: VerifiedBlob) => {
    progress.count()
    if (problem === undefined) return
    found.push({ path, digest: String(digest), problem })
    if (!args.has('json')) progress.print(`${path} ${problem}\n`)
  }
  try {
    await verifyStore({ dir, remove: args.has('remove'), onFile }, interruption.signal)
  } catch (error) {
    if (interruption.exitCode === undefined) throw error
  }
  const { files } = progress
  const removed = args.has('remove')
  if (args.has('json')) {
    host.out(
      `${JSON.stringify({ dir, files, complete: interruption.exitCode === undefined, removed, corrupt: found }, undefined, 2)}\n`,
    )
  } else {
    const what =
      found.length === 0 ? 'all are what they should be' : `${found.length} corrupt${removed ? ', removed' : ''}`
    progress.print(`${files} files read: ${what}${interruption.exitCode === undefined ? '' : ', as far as it got'}\n`)
  }
  return interruption.exitCode ?? (found.length === 0 ? EXIT.ok : EXIT.bad)
}

/** How far it is, for a person at a terminal: a line that is written over. */
class Progress implements Disposable {
  readonly #host: Host
  #files = 0
  #shownAt = 0

  constructor(host: Host) {
    this.#host = host
  }

  get files(): number {
    return this.#files
  }

  count(): void {
    this.#files++
    const now = performance.now()
    if (!this.#host.err.isTerminal || now - this.#shownAt < PROGRESS_EVERY_MS) return
    this.#shownAt = now
    this.#host.err.write(`\r${this.#files} files read`)
  }

  print(line: string): void {
    this[Symbol.dispose]()
    this.#host.out(line)
  }

  [Symbol.dispose](): void {
    if (this.#shownAt > 0) this.#host.err.write('\r\u001b[K')
    this.#shownAt = 0
  }
}
