import type { ServerUnderTest } from '../server-under-test.js'
import { ChildProgram } from './child-program.js'
import { readProcessTree } from './process-tree.js'

const START_LIMIT_SECONDS = 30

/** What servers cost at the least: one of programs/ that sends its address when it is ready. */
export async function startBareServer(program: string): Promise<ServerUnderTest> {
  const child = new ChildProgram(program)
  const { address } = await child.next<{ address: string }>(START_LIMIT_SECONDS)
  return {
    address,
    pid: child.pid,
    usage: () => readProcessTree(child.pid),
    stop: async () => child[Symbol.dispose](),
  }
}
