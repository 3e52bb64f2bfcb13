import type { Arguments, Command } from '../../command.js'
import type { Host } from '../../host.js'
import { EXIT, exitCodeHelp } from '../../ui/exit-codes.js'
import { jsonText } from '../../ui/json-text.js'
import { ProgressLine } from '../../ui/progress-line.js'
import { UsageError } from '../../usage-error.js'
import { CACHE_FLAGS, whichCache } from './which-cache.js'

export const clear: Command = {
  name: 'clear',
  usage: '[flags]',
  summary: 'Remove everything from the cache',
  description:
    'Removes every blob and every action result, and nothing else of the directory. Asks first. Not while a server runs on the cache.',
  flags: {
    ...CACHE_FLAGS,
    yes: { type: 'boolean', describe: 'Do not ask' },
    json: { type: 'boolean', describe: 'Print one JSON document' },
  },
  examples: [['gorego cache clear --dir /var/cache/gorego --yes', 'in a script']],
  epilogue: exitCodeHelp('Exit codes:', [EXIT.ok, EXIT.usage, EXIT.internal]),
  takesCommandLine: false,
  run: empty,
}

async function empty(args: Arguments, host: Host): Promise<number> {
  const { dir } = await whichCache(args, host)
  const { emptyStore, unusedStoreAt } = await import('@gorego/core')
  // Before anybody is asked.
  unusedStoreAt(dir)
  if (!args.has('yes')) {
    const answer = await host.ask(`Remove everything from the cache in ${dir}? [y/N] `)
    if (answer === undefined) throw new UsageError('nobody is there to be asked: --yes', 'gorego cache clear --help')
    if (!/^y(es)?$/i.test(answer.trim())) {
      host.err.write('gorego: nothing was removed\n')
      if (args.has('json')) host.out(jsonText({ dir, cleared: false }))
      return EXIT.ok
    }
  }
  let files = 0
  using progress = new ProgressLine(host, () => `${files} files removed`)
  const onRemoved = (count: number) => {
    files += count
  }
  await emptyStore(dir, { onRemoved })
  progress[Symbol.dispose]()
  host.out(args.has('json') ? jsonText({ dir, cleared: true }) : `the cache in ${dir} is empty\n`)
  return EXIT.ok
}
