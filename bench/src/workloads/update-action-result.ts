import { actionName, cachedResult } from '../content/cached-results.js'
import { serverWorkload } from '../server-workload.js'
import { UPDATE_ACTION_RESULT, updateActionResultRequest } from '../wire/action-cache.js'
import { uploadBlobs } from '../wire/upload.js'

export const updateActionResult = serverWorkload({
  name: 'update-action-result',
  about: 'UpdateActionResult for a new action; the blob that the result refers to is there',
  clients: 16,
  async start(control) {
    await uploadBlobs(control, cachedResult.blobs)
    return {
      async perform(connection, operation) {
        const request = updateActionResultRequest(actionName(operation), cachedResult.bytes)
        const answer = await connection.unary(UPDATE_ACTION_RESULT, request)
        if (answer.length === 0) throw new Error('UpdateActionResult answered with nothing')
      },
    }
  },
})
