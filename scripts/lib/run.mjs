// Runs a tool quietly: what it printed is only of interest when it fails.
import { spawn } from 'node:child_process'
import { root } from './workspace.mjs'

/** Resolves to `{ ok, output }`; a command that cannot be started is not ok and says why in its output. */
export function run(command, args, { cwd = root, env = process.env } = {}) {
  return new Promise((resolve) => {
    const chunks = []
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
    const stopForwarding = forwardSignals(child)
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    const finish = (ok, note = '') => {
      stopForwarding()
      resolve({ ok, output: Buffer.concat(chunks).toString() + note })
    }
    child.on('error', (error) => finish(false, `${command}: ${error.message}\n`))
    child.on('close', (code, signal) => finish(code === 0, signal ? `${command} was ended by ${signal}\n` : ''))
  })
}

// Whoever stops us must not leave an installer or compiler behind that goes on writing.
function forwardSignals(child) {
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const forward = (signal) => {
    child.kill(signal)
    stop()
    process.kill(process.pid, signal)
  }
  const stop = () => {
    for (const signal of signals) process.off(signal, forward)
  }
  for (const signal of signals) process.on(signal, forward)
  return stop
}
