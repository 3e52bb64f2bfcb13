import { growing } from '../workloads/index.js'
import type { Curve } from './curve.js'
import { sizeOf } from './size-of.js'
import { cpuOf, measureWorkloads } from './workload-points.js'

export const treeCurve: Curve = {
  name: 'grow-tree',
  about: '10 to 20,000 input files, one of them another one each time: Execute of a command that reads just this one',
  xTitle: 'input files',
  figures: [
    { key: 'cpuMs', title: 'CPU ms an action' },
    { key: 'p50Ms', title: 'p50 ms, 4 clients' },
  ],
  charts: [
    {
      file: 'grow-tree',
      title: 'One changed file among many inputs',
      yTitle: 'ms an action',
      keys: ['cpuMs', 'p50Ms'],
      proportion: true,
    },
  ],
  measure: (setting, onPoint) =>
    measureWorkloads(growing.tree.slice(0, setting.points), setting, (row, workload) =>
      onPoint({ x: sizeOf(workload), values: { ...cpuOf(row), p50Ms: row.p50Ms } }),
    ),
}
