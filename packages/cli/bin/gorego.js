#!/usr/bin/env node
// Says in words that Node is too old, before something else fails in a way that nobody understands. Hence nothing here
// that an old Node cannot parse.
const needed = [20, 19]
const [major, minor] = process.versions.node.split('.').map(Number)

if (major < needed[0] || (major === needed[0] && minor < needed[1])) {
  process.stderr.write(
    `gorego needs Node ${needed.join('.')} or newer; this is Node ${process.versions.node} (${process.execPath}).\n` +
      'Install a current one from https://nodejs.org, or with a version manager: nvm install 22\n',
  )
  process.exit(1)
}

void import('../dist/main.js').then(async ({ leave, main }) => await leave(await main(process.argv.slice(2))))
