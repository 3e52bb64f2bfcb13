import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { EmbeddedProcess } from '../embedded/embedded-process.js'
import { readProcessTree } from '../process/process-tree.js'
import type { Workload } from '../workload.js'

const CLIENTS = 16
const REST_MS = 250

export const embeddedTiny: Workload = {
  name: 'embedded-tiny',
  about: 'LocalExecutor.run of an action that prints a line, each a different one; no gRPC',
  clients: CLIENTS,
  embedded: true,
  async measure({ seconds, directory }) {
    using child = new EmbeddedProcess(join(directory, 'embedded'), CLIENTS)
    await child.run(seconds / 3)
    await sleep(REST_MS)
    const before = readProcessTree(child.pid)
    const loop = await child.run(seconds)
    await sleep(REST_MS)
    const after = readProcessTree(child.pid)
    return {
      ...loop,
      ...(before && after ? { serverCpuMs: after.cpuMs - before.cpuMs, rssBytes: after.rssBytes } : {}),
    }
  },
}
