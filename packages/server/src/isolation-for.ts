import { type Isolation, type LocalStore, type Logger, openIsolation } from '@gorego/core'
import type { Config } from './config/config.js'

/** What stands between the actions of a server and its machine. */
export async function isolationFor({ execution }: Config, store: LocalStore, logger: Logger): Promise<Isolation> {
  const { enabled, sandbox, sandboxMounts, runAs, buildRoot } = execution
  if (!enabled) return {}
  const place = buildRoot === undefined ? {} : { buildRoot }
  return await openIsolation({ store, choice: sandbox, mounts: sandboxMounts, runAs, logger, ...place })
}
