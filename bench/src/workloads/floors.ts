import { availableParallelism } from 'node:os'
import { loopWorkload } from '../loop-workload.js'
import { startBareServer } from '../process/bare-server.js'
import type { Workload } from '../workload.js'
import { capabilities } from './capabilities.js'

/** What this machine and Node take at the least; no code of ours. The other figures are to be read beside these. */

const CLIENTS = availableParallelism()

export const floorSpawn = loopWorkload({
  name: 'floor-spawn',
  about: 'A small Node process starts /bin/echo and waits for its end: the floor of execute-tiny',
  clients: CLIENTS,
  program: 'spawns',
  args: () => [String(CLIENTS)],
})

export const floorGrpc = floor(
  'floor-grpc',
  'A grpc-js server that does nothing answers 64 bytes: the floor of capabilities',
  'bare-grpc-server',
)

export const floorHttp2 = floor('floor-http2', "The same from Node's http2 module without grpc-js", 'bare-http2-server')

function floor(name: string, about: string, program: string): Workload {
  return {
    ...capabilities,
    name,
    about,
    local: true,
    async measure(setting) {
      const bare = await startBareServer(program)
      try {
        return await capabilities.measure({ ...setting, server: async () => bare })
      } finally {
        await bare.stop()
      }
    },
  }
}
