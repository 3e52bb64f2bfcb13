// For scripts that a person starts: a failure is told in words, not as a stack trace.
import { ensureBuilt, ensureInstalled } from './ensure.mjs'

/** Installs and builds what is missing. False if that failed; the reason is on stderr then and the exit code is 1. */
export async function prepared({ build = true, ...options } = {}) {
  try {
    await ensureInstalled()
    if (build) await ensureBuilt(options)
    return true
  } catch (error) {
    process.stderr.write(`gorego: ${error.message}\n`)
    process.exitCode = 1
    return false
  }
}
