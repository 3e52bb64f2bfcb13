import { DistinctActions } from '../content/distinct-actions.js'
import { tinyAction } from '../content/tiny-action.js'
import { serverWorkload } from '../server-workload.js'
import { execute } from '../wire/execute.js'
import type { Workload } from '../workload.js'

export const executeTiny16 = executeTiny(16)
export const executeTiny1 = executeTiny(1)

function executeTiny(clients: number): Workload {
  const name = `execute-tiny-${clients}`
  return serverWorkload({
    name,
    about: 'Execute an action that prints a line, each a different one',
    clients,
    async start(control) {
      const actions = new DistinctActions(control, (number) => tinyAction(name, number))
      return {
        prepare: (from, to) => actions.prepare(from, to),
        perform: (connection, operation) => execute(connection, actions.request(operation), { cached: false }),
      }
    },
  })
}
