// The first import of every script: says in words that Node is too old, before some other module fails in a way
// that nobody understands. Hence no syntax here, nor in what the scripts import at start, that old Nodes cannot parse.
import { readFileSync } from 'node:fs'

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const needed = manifest.engines.node.replace('>=', '')

if (isOlder(process.versions.node, needed)) {
  process.stderr.write(
    `gorego needs Node ${needed} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Install a current one from https://nodejs.org, or with a version manager: nvm install 22\n',
  )
  process.exit(1)
}

function isOlder(version, than) {
  const [major, minor] = version.split('.').map(Number)
  const [majorNeeded, minorNeeded = 0] = than.split('.').map(Number)
  return major < majorNeeded || (major === majorNeeded && minor < minorNeeded)
}
