import type { StoreStatistics } from '@gorego/core'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { showBytes } from '../../ui/amounts.js'
import { EXIT, exitCodeHelp } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { ProgressLine } from '../../ui/progress-line.js'
import { StopRequests, stopExitCode } from '../../ui/stop-requests.js'
import { CACHE_FLAGS, whichCache } from './which-cache.js'

export const stat: Command = {
  name: 'stat',
  usage: '[flags]',
  summary: 'Tell what is in the cache',
  description:
    'Tells what is in the cache, what it takes, and who has it open. Changes nothing; a server may be running.',
  flags: {
    ...CACHE_FLAGS,
    json: { type: 'boolean', describe: 'Print one JSON document: sizes in bytes, times in ISO 8601' },
  },
  examples: [
    ['gorego cache stat', 'the cache of "gorego start"'],
    ['gorego cache stat --dir /var/cache/gorego --json', 'another one, for a script'],
  ],
  epilogue: `Sizes are those of whole blocks of 4 KiB. A running server writes down every five minutes what was used last.

${exitCodeHelp('Exit codes:', [EXIT.ok, EXIT.usage, EXIT.internal, EXIT.interrupted, EXIT.terminated])}`,
  takesCommandLine: false,
  run: tell,
}

async function tell(args: Arguments, host: Host): Promise<number> {
  const { dir, maxSizeGb } = await whichCache(args, host)
  const { storeStatistics } = await import('@gorego/core')
  using _stop = new StopRequests(host.signals, (signal) => host.exit(stopExitCode(signal)))
  using progress = new ProgressLine(host, () => `counting what is in ${dir}`)
  const statistics = await storeStatistics(dir)
  progress[Symbol.dispose]()
  const budgetBytes = maxSizeGb * 1e9
  host.out(args.has('json') ? asJson(dir, budgetBytes, statistics) : asText(dir, budgetBytes, statistics))
  return EXIT.ok
}

function asText(dir: string, budgetBytes: number, statistics: StoreStatistics): string {
  const { blobs, blobBytes, results, resultBytes, uploads, uploadBytes, uses, freeBytes, pids } = statistics
  const day = (time: number) => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z')
  const rows = [
    ['directory', dir],
    ['blobs', `${blobs}, ${showBytes(blobBytes)}`],
    ['action results', `${results}, ${showBytes(resultBytes)}`],
    ['uploads not complete', `${uploads}, ${showBytes(uploadBytes)}`],
    [
      'budget',
      `${showBytes(budgetBytes)}, ${Math.round(((blobBytes + resultBytes + uploadBytes) / budgetBytes) * 100)} % used`,
    ],
    ['least recent use', uses === undefined ? 'unknown' : day(uses.oldest)],
    ['last use', uses === undefined ? 'unknown' : day(uses.newest)],
    ['free on the disk', showBytes(freeBytes)],
    ['open in', pids.length === 0 ? 'no process' : `process ${pids.join(', ')}`],
  ] as const
  const width = Math.max(...rows.map(([name]) => name.length))
  return rows.map(([name, value]) => `${name.padEnd(width)}  ${value}\n`).join('')
}

function asJson(dir: string, budgetBytes: number, { uses, ...rest }: StoreStatistics): string {
  const times =
    uses === undefined
      ? {}
      : { leastRecentUse: new Date(uses.oldest).toISOString(), lastUse: new Date(uses.newest).toISOString() }
  return jsonText({ dir, budgetBytes, ...rest, ...times })
}
