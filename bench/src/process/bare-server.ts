import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ServerUnderTest } from '../server-under-test.js'
import { onExit } from './clean-up.js'
import { killTree } from './kill-tree.js'
import { readProcessTree } from './process-tree.js'

/** What any server that is built on grpc-js costs at the least: programs/bare-server.ts in a process of its own. */
export async function startBareServer(): Promise<ServerUnderTest> {
  const path = fileURLToPath(new URL('../programs/bare-server.ts', import.meta.url))
  const child = fork(path, [], { detached: true })
  const { pid } = child
  if (pid === undefined) throw new Error(`${path} could not be started`)
  const forget = onExit(() => killTree(pid))
  const [address] = await once(child, 'message')
  return {
    address,
    usage: () => readProcessTree(pid),
    async stop() {
      killTree(pid)
      forget()
    },
  }
}
