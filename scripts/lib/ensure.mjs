// What every script does first: after this, node_modules and the packages' dist are what the sources say.
import { join } from 'node:path'
import { buildPackage, stalePackages } from './build-packages.mjs'
import { install, isInstalled } from './install.mjs'
import { withLock } from './lock.mjs'
import { packages, pnpmVersion, scratch } from './workspace.mjs'

/** Makes node_modules fit the lockfile. Costs a few milliseconds if it does already. */
export async function ensureInstalled() {
  if (isInstalled()) return
  await exclusively(async () => {
    if (isInstalled()) return
    say(`installing dependencies with pnpm ${pnpmVersion()}`)
    await install()
  })
}

/** Builds the packages whose sources changed since their last build, with `force` all of them; with `types`, declarations too. */
export async function ensureBuilt({ force = false, types = false } = {}) {
  if (!force && stalePackages({ types }).length === 0) return
  await exclusively(async () => {
    const stale = force ? packages : stalePackages({ types })
    if (stale.length === 0) return
    say(`building ${stale.join(', ')}`)
    for (const name of stale) await buildPackage(name, { types })
  })
}

function exclusively(work) {
  const onWait = (pid) => say(`waiting for process ${pid}, which is installing or building`)
  return withLock(join(scratch, 'lock'), work, { onWait })
}

// stderr: the stdout of `gorego` belongs to its commands.
const say = (line) => process.stderr.write(`gorego: ${line} …\n`)
