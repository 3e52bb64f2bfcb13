import { spawn } from 'node:child_process'
import { once } from 'node:events'

const LIMIT_MS = 30_000

/** Waits until the disk has written what the last workload left in the page cache, so that the next one need not. */
export async function settleDisk(): Promise<void> {
  const sync = spawn('sync', { stdio: 'ignore', timeout: LIMIT_MS })
  // Where there is no such command, nothing is waited for.
  await once(sync, 'exit').catch(() => {})
}
