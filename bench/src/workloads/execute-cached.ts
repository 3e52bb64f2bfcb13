import { executedActions } from '../content/executed-actions.js'
import { pick } from '../content/pick.js'
import { serverWorkload } from '../server-workload.js'
import { execute, executeRequest } from '../wire/execute.js'

export const executeCached = serverWorkload({
  name: 'execute-cached',
  about: 'Execute, always answered from the action cache, over 100 actions',
  clients: 16,
  async start(control) {
    const actions = await executedActions(control, 'execute-cached', 100)
    const requests = actions.map(executeRequest)
    return { perform: (connection, operation) => execute(connection, pick(requests, operation), { cached: true }) }
  },
})
