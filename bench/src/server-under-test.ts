import { startGorego } from './process/gorego-process.js'
import { readProcessTree, type TreeUsage } from './process/process-tree.js'

/** A server that the workloads of a run share. */
export interface ServerUnderTest {
  readonly address: string
  /** Absent for one that runs elsewhere. */
  readonly pid?: number
  /** Of its process tree; undefined for one that runs elsewhere. */
  readonly usage: () => TreeUsage | undefined
  readonly stop: () => Promise<void>
}

export async function ownServer(directory: string, config?: string): Promise<ServerUnderTest> {
  const { address, pid, stop } = await startGorego(
    directory,
    config === undefined ? {} : { flags: ['--config', config] },
  )
  return { address, pid, usage: () => readProcessTree(pid), stop }
}

/** One that somebody else has started; with its process id, if it runs on this machine, it can be looked into too. */
export function foreignServer(address: string, pid: number | undefined): ServerUnderTest {
  return {
    address,
    ...(pid === undefined ? {} : { pid }),
    usage: () => (pid === undefined ? undefined : readProcessTree(pid)),
    stop: () => Promise.resolve(),
  }
}
