import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { GoregoError } from '../errors/index.js'
import { WorkerRig } from './worker-rig.js'

/** Why tests cannot have bubblewrap; undefined where they can. Root of a Debian gets it installed. */
export async function whyNoBubblewrap(): Promise<string | undefined> {
  if (!existsSync('/usr/bin/bwrap') && process.getuid?.() === 0 && existsSync('/usr/bin/apt-get')) install()
  try {
    await using _ = await WorkerRig.open({}, [])
    return undefined
  } catch (error) {
    return GoregoError.from(error).message
  }
}

function install(): void {
  try {
    execFileSync('apt-get', ['install', '-y', 'bubblewrap'], { stdio: 'ignore', timeout: 120_000 })
  } catch {
    // What is missing is told by the try.
  }
}
