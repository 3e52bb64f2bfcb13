import { resolve } from 'node:path'
import type { Config } from '@gorego/server'
import type { Arguments, Flag } from '../../command.js'
import type { Host } from '../../host.js'

/** Which cache it is about. */
export const CACHE_FLAGS: Readonly<Record<string, Flag>> = {
  config: { type: 'string', requiresArg: true, describe: 'The config.yaml of the server whose cache it is' },
  dir: {
    type: 'string',
    requiresArg: true,
    describe: 'The directory of the cache',
    defaultDescription: 'what "gorego start" takes: ~/.cache/gorego/server',
  },
}

/** The settings of the cache, found as `gorego start` finds them. */
export async function whichCache(args: Arguments, { surroundings, err }: Host): Promise<Config['localCache']> {
  const { loadConfig } = await import('@gorego/server')
  const file = args.text('config')
  const dir = args.text('dir')
  const { config, warnings } = await loadConfig({
    surroundings,
    ...(file === undefined ? {} : { file }),
    ...(dir === undefined ? {} : { flags: { dir: resolve(surroundings.cwd, dir) } }),
  })
  for (const warning of warnings) err.write(`gorego: ${warning}\n`)
  return config.localCache
}
