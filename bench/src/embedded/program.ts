/** The program of the embedded workload: `program.ts DIRECTORY CLIENTS`, orders by IPC. */
import { LocalExecutor } from '@gorego/core'
import { closedLoop } from '../load/closed-loop.js'
import type { RunOrder, RunReport } from './messages.js'

const [directory = '', clients = ''] = process.argv.slice(2)
const executor = await LocalExecutor.open({ root: directory })
let next = 0

process.on('message', ({ seconds }: RunOrder) => void run(seconds))
process.on('disconnect', () => process.exit(0))

async function run(seconds: number): Promise<void> {
  process.send?.(await report(seconds))
}

async function report(seconds: number): Promise<RunReport> {
  try {
    const perform = (_client: number, operation: number) => runTiny(operation)
    const options = { clients: Number(clients), seconds, from: next, limit: Number.POSITIVE_INFINITY, perform }
    const loop = await closedLoop(options)
    next += loop.operations
    return { loop }
  } catch (error) {
    return { error: (error as Error).message }
  }
}

async function runTiny(number: number): Promise<void> {
  const { exitCode, cached } = await executor.run({ argv: ['/bin/echo', 'hello'], salt: String(number) })
  if (exitCode !== 0 || cached)
    throw new Error(`an action ended with the exit code ${exitCode}${cached ? ', cached' : ''}`)
}
