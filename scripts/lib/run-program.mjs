// What `npm run bench`, `conformance` and `torture` have in common: install, build, and become a TypeScript program.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { prepared } from './prepared.mjs'
import { root } from './workspace.mjs'

/** Runs `main`, a path in the repository, with the arguments that this process got; its exit code becomes ours. */
export async function runProgram(main, { conditions = [] } = {}) {
  if (!(await prepared())) return
  const nodeArguments = [...conditions.map((condition) => `--conditions=${condition}`), '--import', 'tsx']
  const args = [...nodeArguments, join(root, main), ...process.argv.slice(2)]
  const child = spawn(process.execPath, args, { cwd: root, stdio: 'inherit' })
  // We wait for what the program makes of it. The terminal's Ctrl-C reaches it by itself as well; it takes the second for the first.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('close', (code) => {
    process.exitCode = code ?? 1
  })
}
