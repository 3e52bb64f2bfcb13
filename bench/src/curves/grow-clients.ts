import type { LoadWorkload } from '../workload.js'
import { growing } from '../workloads/index.js'
import type { Curve } from './curve.js'
import { sizeOf } from './size-of.js'
import { cpuOf, measureWorkloads } from './workload-points.js'

export const clientsCurve: Curve = {
  name: 'grow-clients',
  about: '1 to 1,000 connections, each with a call under way: GetCapabilities, and Execute from the action cache',
  xTitle: 'clients with connections of their own',
  figures: [
    { key: 'capabilitiesCpuMs', title: 'GetCapabilities: CPU ms a call' },
    { key: 'capabilitiesPerSecond', title: 'GetCapabilities: per s' },
    { key: 'cachedCpuMs', title: 'cached Execute: CPU ms a call' },
    { key: 'cachedPerSecond', title: 'cached Execute: per s' },
  ],
  charts: [
    {
      file: 'grow-clients',
      title: 'Many clients at once',
      yTitle: 'CPU ms a call',
      keys: ['capabilitiesCpuMs', 'cachedCpuMs'],
    },
  ],
  measure: (setting, onPoint) => {
    // Both calls of a size make one point.
    const pairs = growing.clientsCapabilities
      .slice(0, setting.points)
      .flatMap((one, n) => [one, growing.clientsCached[n] as LoadWorkload])
    let values: Record<string, number> = {}
    return measureWorkloads(pairs, setting, (row, workload) => {
      const first = workload.name.includes('capabilities')
      const what = first ? 'capabilities' : 'cached'
      values = { ...(first ? {} : values), ...cpuOf(row, `${what}CpuMs`), [`${what}PerSecond`]: row.perSecond }
      if (!first) onPoint({ x: sizeOf(workload), values })
    })
  },
}
