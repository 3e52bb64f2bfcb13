import { randomUUID } from 'node:crypto'
import { buildAction } from '../content/build-action.js'
import { DistinctActions } from '../content/distinct-actions.js'
import { serverWorkload } from '../server-workload.js'
import { execute } from '../wire/execute.js'

const ACTIONS = 500

export const executeQueue = serverWorkload({
  name: 'execute-queue',
  about: `Execute ${ACTIONS} actions of 10 ms, all at once`,
  clients: ACTIONS,
  full: true,
  async start(control) {
    const run = randomUUID()
    const actions = new DistinctActions(control, (number) =>
      buildAction({ argv: ['/bin/sleep', '0.01'], salt: `${run} ${number}` }),
    )
    return {
      count: ACTIONS,
      prepare: (from, to) => actions.prepare(from, to),
      perform: (connection, operation) => execute(connection, actions.request(operation), { cached: false }),
    }
  },
})
