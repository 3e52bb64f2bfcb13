import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { onExit } from './clean-up.js'

/** A new directory below `parent`, removed when this process ends. */
export function temporaryDirectory(parent: string): string {
  const path = mkdtempSync(join(parent, 'gorego-bench-'))
  // Processes that were killed a moment ago may still be making their last file.
  onExit(() => rmSync(path, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }))
  return path
}
