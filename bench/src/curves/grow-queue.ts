import { growing } from '../workloads/index.js'
import type { Curve } from './curve.js'
import { sizeOf } from './size-of.js'
import { cpuOf, measureWorkloads } from './workload-points.js'

export const queueCurve: Curve = {
  name: 'grow-queue',
  about: '1 to 10,000 tiny actions under way or queued at once: time and CPU for each of them',
  xTitle: 'actions at once',
  figures: [
    { key: 'msEach', title: 'ms on the clock, an action' },
    { key: 'cpuMs', title: 'CPU ms an action' },
  ],
  charts: [
    { file: 'grow-queue', title: 'Actions that are queued at once', yTitle: 'ms an action', keys: ['msEach', 'cpuMs'] },
  ],
  measure: (setting, onPoint) =>
    measureWorkloads(growing.queue.slice(0, setting.points), setting, (row, workload) =>
      onPoint({ x: sizeOf(workload), values: { msEach: 1000 / row.perSecond, ...cpuOf(row) } }),
    ),
}
