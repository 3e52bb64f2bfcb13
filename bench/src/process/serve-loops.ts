import { closedLoop } from '../load/closed-loop.js'
import type { LoopOrder, LoopReport } from './loop-messages.js'

/** In the process that is measured: does operations whenever, and for as long as, the benchmark says so. */
export function serveLoops(clients: number, perform: (operation: number) => Promise<void>): void {
  let from = 0
  process.on('disconnect', () => process.exit(0))
  process.on('message', async ({ seconds }: LoopOrder) => {
    process.send?.(await report(seconds))
  })

  async function report(seconds: number): Promise<LoopReport> {
    try {
      const loop = await closedLoop({
        clients,
        seconds,
        from,
        limit: Number.POSITIVE_INFINITY,
        perform: (_client, operation) => perform(operation),
      })
      from += loop.operations
      return { loop }
    } catch (error) {
      return { error: (error as Error).message }
    }
  }
}
