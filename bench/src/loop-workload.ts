import { setTimeout as sleep } from 'node:timers/promises'
import { LoopProcess } from './process/loop-process.js'
import { readProcessTree } from './process/process-tree.js'
import { REST_MS } from './server-workload.js'
import type { Setting, Workload } from './workload.js'

export interface LoopWorkload extends Pick<Workload, 'name' | 'about' | 'clients'> {
  /** One of programs/. */
  readonly program: string
  readonly args: (setting: Setting) => readonly string[]
}

/** A workload in which the process that is measured loads itself. */
export function loopWorkload({ name, about, clients, program, args }: LoopWorkload): Workload {
  return {
    name,
    about,
    clients,
    local: true,
    async measure(setting) {
      using child = new LoopProcess(program, args(setting))
      await child.run(setting.seconds / 2)
      await sleep(REST_MS)
      const before = readProcessTree(child.pid)
      const loop = await child.run(setting.seconds)
      await sleep(REST_MS)
      const after = readProcessTree(child.pid)
      return {
        ...loop,
        ...(before && after ? { serverCpuMs: after.cpuMs - before.cpuMs, rssBytes: after.rssBytes } : {}),
      }
    },
  }
}
