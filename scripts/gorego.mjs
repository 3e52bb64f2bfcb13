#!/usr/bin/env node
// `gorego` in a clone: `npx gorego start`, `npm start`. Installs and builds what is missing, then becomes the
// command line program itself, in this process: signals, exit codes and stdin are its own.
import './lib/require-node.mjs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { prepared } from './lib/prepared.mjs'
import { root } from './lib/workspace.mjs'

if (await prepared()) {
  const program = join(root, 'packages', 'cli', 'bin', 'gorego.js')
  process.argv[1] = program
  await import(pathToFileURL(program).href)
}
