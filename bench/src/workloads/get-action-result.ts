import { reapi } from '@gorego/core'
import { executedActions } from '../content/executed-actions.js'
import { pick } from '../content/pick.js'
import { serverWorkload } from '../server-workload.js'
import { digestMessage } from '../wire/digest-message.js'

const GET_ACTION_RESULT = '/build.bazel.remote.execution.v2.ActionCache/GetActionResult'

export const getActionResult = serverWorkload({
  name: 'get-action-result',
  about: 'GetActionResult, always a hit, over 100 actions',
  clients: 16,
  async start(control) {
    const actions = await executedActions(control, 'get-action-result', 100)
    const requests = actions.map((digest) =>
      Buffer.from(new reapi.GetActionResultRequest().setActionDigest(digestMessage(digest)).serializeBinary()),
    )
    return {
      async perform(connection, operation) {
        const answer = await connection.unary(GET_ACTION_RESULT, pick(requests, operation))
        if (answer.length === 0) throw new Error('GetActionResult answered with nothing')
      },
    }
  },
})
