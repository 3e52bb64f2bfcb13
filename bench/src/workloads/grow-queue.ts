import { DistinctActions } from '../content/distinct-actions.js'
import { tinyAction } from '../content/tiny-action.js'
import { serverWorkload } from '../server-workload.js'
import { execute } from '../wire/execute.js'
import type { LoadWorkload } from '../workload.js'

/** Of fewer, the CPU time could not be told: it is counted in ticks of 10 ms. */
const LEAST_ACTIONS = 200

export function growQueue(actions: number): LoadWorkload {
  const name = `grow-queue-${actions}`
  return serverWorkload({
    name,
    about: `Execute ${actions.toLocaleString('en-US')} actions at once that print a line`,
    clients: actions,
    async start(control) {
      const distinct = new DistinctActions(control, (number) => tinyAction(name, number))
      return {
        count: Math.max(actions, LEAST_ACTIONS),
        prepare: (from, to) => distinct.prepare(from, to),
        perform: (connection, operation) => execute(connection, distinct.request(operation), { cached: false }),
      }
    },
  })
}
