import { reapi } from '@gorego/core'
import { serverWorkload } from '../server-workload.js'
import { GET_CAPABILITIES } from '../wire/get-capabilities.js'

export const capabilities = serverWorkload({
  name: 'capabilities',
  about: 'GetCapabilities: what any call costs at the least',
  clients: 16,
  async start() {
    const request = Buffer.from(new reapi.GetCapabilitiesRequest().serializeBinary())
    return {
      async perform(connection) {
        const answer = await connection.unary(GET_CAPABILITIES, request)
        if (answer.length === 0) throw new Error('GetCapabilities answered with nothing')
      },
    }
  },
})
