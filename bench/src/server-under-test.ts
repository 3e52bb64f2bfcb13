import { startGorego } from './process/gorego-process.js'
import { readProcessTree, type TreeUsage } from './process/process-tree.js'

/** The server that all workloads of a run share. */
export interface ServerUnderTest {
  readonly address: string
  /** Of its process tree; undefined for one that runs elsewhere. */
  readonly usage: () => TreeUsage | undefined
  readonly stop: () => Promise<void>
}

export async function ownServer(directory: string): Promise<ServerUnderTest> {
  const { address, pid, stop } = await startGorego(directory)
  return { address, usage: () => readProcessTree(pid), stop }
}

/** One that somebody else has started; with its process id, if it runs on this machine, it can be looked into too. */
export function foreignServer(address: string, pid: number | undefined): ServerUnderTest {
  return {
    address,
    usage: () => (pid === undefined ? undefined : readProcessTree(pid)),
    stop: () => Promise.resolve(),
  }
}
