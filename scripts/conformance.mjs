// `npm run conformance -- [arguments]`: the conformance suite, against the packages as they are built and shipped or,
// with --remote, against any other server.
import './lib/require-node.mjs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepared } from './lib/prepared.mjs'
import { root } from './lib/workspace.mjs'

if (await prepared()) {
  const main = join(root, 'conformance', 'src', 'main.ts')
  const args = ['--conditions=gorego-source', '--import', 'tsx', main, ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('close', (code) => {
    process.exitCode = code ?? 1
  })
}
