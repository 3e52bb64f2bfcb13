import { setTimeout as sleep } from 'node:timers/promises'
import type { LoopResult } from './load/closed-loop.js'
import { ChildProgram } from './process/child-program.js'
import type { LoopOrder } from './process/loop-order.js'
import { readProcessTree } from './process/process-tree.js'
import { watchMemory } from './process/watch-memory.js'
import { REST_MS } from './server-workload.js'
import type { Setting, Workload } from './workload.js'

export interface LoopWorkload extends Pick<Workload, 'name' | 'about' | 'clients'> {
  /** One of programs/. */
  readonly program: string
  readonly args: (setting: Setting) => readonly string[]
}

const LIMIT_SECONDS = 60

/** A workload in which the process that is measured loads itself. */
export function loopWorkload({ name, about, clients, program, args }: LoopWorkload): Workload {
  return {
    name,
    about,
    clients,
    local: true,
    async measure(setting) {
      using child = new ChildProgram(program, args(setting))
      const usage = () => readProcessTree(child.pid)
      const run = (seconds: number) => child.ask<LoopResult>({ seconds } satisfies LoopOrder, seconds + LIMIT_SECONDS)
      await run(setting.seconds / 2)
      await sleep(REST_MS)
      const before = usage()
      const peak = watchMemory(usage)
      const loop = await run(setting.seconds).finally(peak)
      await sleep(REST_MS)
      const after = usage()
      const rssPeakBytes = peak()
      return {
        ...loop,
        ...(before && after ? { serverCpuMs: after.cpuMs - before.cpuMs, rssBytes: after.rssBytes } : {}),
        ...(rssPeakBytes === undefined ? {} : { rssPeakBytes }),
      }
    },
  }
}
