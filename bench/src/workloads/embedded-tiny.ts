import { join } from 'node:path'
import { loopWorkload } from '../loop-workload.js'

const CLIENTS = 16

export const embeddedTiny = loopWorkload({
  name: 'embedded-tiny',
  about: 'LocalExecutor.run of an action that prints a line, each a different one; no gRPC',
  clients: CLIENTS,
  program: 'embedded',
  args: ({ directory }) => [join(directory, 'embedded'), String(CLIENTS)],
})
