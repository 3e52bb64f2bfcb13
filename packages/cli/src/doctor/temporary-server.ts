import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '@gorego/core'
import { loadConfig, type RunningServer, startServer } from '@gorego/server'
import type { Host } from '../host.js'

/** A directory that is removed in the end. */
export function temporaryPlace(): Disposable & { readonly path: string } {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'gorego-doctor-')))
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) }
}

/** A server of one slot with the default settings, whatever variables say, and everything of it in that directory. */
export async function startTemporaryServer(dir: string, { surroundings }: Host): Promise<RunningServer> {
  const flags = { listen: `unix:${join(dir, 'doctor.sock')}`, dir: join(dir, 'server'), concurrency: '1' }
  const { config } = await loadConfig({ surroundings: { ...surroundings, env: {} }, flags })
  return await startServer(config, { logger: silentLogger })
}
