import { actionName, cachedResult } from '../content/cached-results.js'
import { pick } from '../content/pick.js'
import { serverWorkload } from '../server-workload.js'
import {
  GET_ACTION_RESULT,
  getActionResultRequest,
  UPDATE_ACTION_RESULT,
  updateActionResultRequest,
} from '../wire/action-cache.js'
import { uploadBlobs } from '../wire/upload.js'

const ACTIONS = 100

export const getActionResult = serverWorkload({
  name: 'get-action-result',
  about: `GetActionResult, always a hit, over ${ACTIONS} actions`,
  clients: 16,
  async start(control) {
    await uploadBlobs(control, cachedResult.blobs)
    const actions = Array.from({ length: ACTIONS }, (_, number) => actionName(number))
    for (const action of actions) {
      await control.unary(UPDATE_ACTION_RESULT, updateActionResultRequest(action, cachedResult.bytes))
    }
    const requests = actions.map(getActionResultRequest)
    return {
      async perform(connection, operation) {
        const answer = await connection.unary(GET_ACTION_RESULT, pick(requests, operation))
        if (answer.length === 0) throw new Error('GetActionResult answered with nothing')
      },
    }
  },
})
