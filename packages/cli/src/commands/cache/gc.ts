import type { Collected, CollectOptions, CollectStage } from '@gorego/core'
import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { readAge, readBytes, showBytes } from '../../ui/amounts.js'
import { EXIT, exitCodeHelp } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { ProgressLine } from '../../ui/progress-line.js'
import { StopRequests, stopExitCode } from '../../ui/stop-requests.js'
import { CACHE_FLAGS, whichCache } from './which-cache.js'

const STAGES: Readonly<Record<CollectStage, (soFar: Collected) => string>> = {
  results: ({ results }) => `looking at action results, ${results} removed`,
  blobs: ({ bytes }) => `counting blobs, ${showBytes(bytes)} so far`,
  evicting: ({ blobs, bytes }) => `evicted ${blobs} blobs, ${showBytes(bytes)} left`,
}

export const gc: Command = {
  name: 'gc',
  usage: '[flags]',
  summary: 'Evict what was used longest ago',
  description:
    'Evicts what was used longest ago, until the rest fits. Not while a server runs on the cache, which does that by itself.',
  flags: {
    ...CACHE_FLAGS,
    'max-size': {
      type: 'string',
      requiresArg: true,
      describe: 'What blobs and action results may take: 20GB, 512MiB',
      defaultDescription: 'local_cache.max_size_gb',
    },
    'older-than': {
      type: 'string',
      requiresArg: true,
      describe: 'Evict what was not used for so long in any case: 30d, 12h, 90min',
    },
    json: { type: 'boolean', describe: 'Print one JSON document, sizes in bytes' },
  },
  examples: [
    ['gorego cache gc --max-size 20GB', 'down to 20 GB'],
    ['gorego cache gc --older-than 30d', 'what nobody has used for a month'],
  ],
  epilogue: exitCodeHelp('Exit codes:', [EXIT.ok, EXIT.usage, EXIT.internal, EXIT.interrupted, EXIT.terminated]),
  takesCommandLine: false,
  run: collect,
}

async function collect(args: Arguments, host: Host): Promise<number> {
  const { dir, maxSizeGb } = await whichCache(args, host)
  const seeAlso = 'gorego cache gc --help'
  const size = args.text('max-size')
  const age = args.text('older-than')
  const maxBytes = size === undefined ? Math.floor(maxSizeGb * 1e9) : readBytes(size, '--max-size', seeAlso)
  const maxAgeMs = age === undefined ? Number.POSITIVE_INFINITY : readAge(age, '--older-than', seeAlso)
  const { collectGarbage } = await import('@gorego/core')
  // Whatever is under way, what is there stays whole.
  using _stop = new StopRequests(host.signals, (signal) => host.exit(stopExitCode(signal)))
  let line = () => 'looking at action results'
  const onStage: CollectOptions['onStage'] = (stage, soFar) => {
    line = () => STAGES[stage](soFar())
  }
  using progress = new ProgressLine(host, () => line())
  const { blobs, results, bytes } = await collectGarbage({ dir, maxBytes, maxAgeMs, onStage })
  progress[Symbol.dispose]()
  host.out(
    args.has('json')
      ? jsonText({ dir, evictedBlobs: blobs, removedResults: results, bytes })
      : `evicted ${blobs} blobs and ${results} action results; what is left takes ${showBytes(bytes)}\n`,
  )
  return EXIT.ok
}
