import { closedLoop } from '../load/closed-loop.js'
import { answerOrders } from './answer-orders.js'
import type { LoopOrder } from './loop-order.js'

/** In the process that is measured: does operations whenever, and for as long as, the benchmark says so. */
export function serveLoops(clients: number, perform: (operation: number) => Promise<void>): void {
  let from = 0
  answerOrders(async ({ seconds }: LoopOrder) => {
    const loop = await closedLoop({
      clients,
      seconds,
      from,
      limit: Number.POSITIVE_INFINITY,
      perform: (_client, operation) => perform(operation),
    })
    from += loop.operations
    return loop
  })
}
