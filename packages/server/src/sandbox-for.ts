import { type LocalStore, type Logger, openSandbox, type SandboxSetup } from '@gorego/core'
import type { Config } from './config/config.js'

/** What the actions of a server run in; undefined for nothing. */
export async function sandboxFor(
  { execution }: Config,
  store: LocalStore,
  logger: Logger,
): Promise<SandboxSetup | undefined> {
  const { enabled, sandbox, sandboxMounts, buildRoot } = execution
  if (!enabled) return undefined
  const place = buildRoot === undefined ? {} : { buildRoot }
  return await openSandbox({ store, choice: sandbox, mounts: sandboxMounts, logger, ...place })
}
