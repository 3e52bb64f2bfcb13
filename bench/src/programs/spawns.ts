/** Starts processes, and that is all: `spawns.ts CLIENTS`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { serveLoops } from '../process/serve-loops.js'

serveLoops(Number(process.argv[2]), async () => {
  const [exitCode] = await once(spawn('/bin/echo', ['hello'], { stdio: 'ignore' }), 'exit')
  if (exitCode !== 0) throw new Error(`exit code ${exitCode}`)
})
