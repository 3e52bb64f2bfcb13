import { Contender } from '../contender.js'
import { type Row, rowOf } from '../report/row.js'
import { ownServer } from '../server-under-test.js'
import type { LoadWorkload } from '../workload.js'
import type { CurveSetting } from './curve.js'

/** Measures workloads on one server that is started for them. */
export async function measureWorkloads(
  workloads: readonly LoadWorkload[],
  { seconds, directory, config }: CurveSetting,
  onRow: (row: Row, workload: LoadWorkload) => void,
): Promise<void> {
  const contender = new Contender('gorego', () => ownServer(directory, config))
  try {
    for (const workload of workloads) {
      onRow(rowOf(workload, await workload.measure({ seconds, directory, server: contender.server })), workload)
    }
  } finally {
    await (await contender.ifStarted())?.stop()
  }
}

/** Where the process tree cannot be looked into, there is no such figure. */
export function cpuOf({ serverCpuMs }: Row, key = 'cpuMs'): Record<string, number> {
  return serverCpuMs === undefined ? {} : { [key]: serverCpuMs }
}
