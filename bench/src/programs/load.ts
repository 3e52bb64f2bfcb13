/** The load generator: does to a server what a workload says, warmed up, when told to. */
import type { LoopResult } from '../load/closed-loop.js'
import type { Loaded, LoadOrder, Prepared } from '../load/load-orders.js'
import { prepareLoad } from '../load/prepared-load.js'
import { answerOrders } from '../process/answer-orders.js'
import { findLoad } from '../workloads/find-load.js'

let run: (() => Promise<LoopResult>) | undefined

answerOrders(async (order: LoadOrder): Promise<Prepared | Loaded> => {
  if ('prepare' in order) {
    const { workload, address, seconds } = order.prepare
    run = await prepareLoad(findLoad(workload), address, seconds)
    return { prepared: true }
  }
  if (run === undefined) throw new Error('nothing has been prepared')
  const before = process.cpuUsage()
  const loop = await run()
  const { user, system } = process.cpuUsage(before)
  return { loop, clientCpuMs: (user + system) / 1000 }
})
