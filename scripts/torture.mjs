// `npm run torture -- [flags]`: servers that are killed, starved and lied to, as they are built and shipped.
import './lib/require-node.mjs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepared } from './lib/prepared.mjs'
import { root } from './lib/workspace.mjs'

if (await prepared()) {
  const main = join(root, 'test', 'torture', 'main.ts')
  const args = ['--import', 'tsx', main, ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  // The terminal's Ctrl-C reaches it by itself; we wait for what it makes of it.
  process.on('SIGINT', () => {})
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  child.on('close', (code) => {
    process.exitCode = code ?? 1
  })
}
