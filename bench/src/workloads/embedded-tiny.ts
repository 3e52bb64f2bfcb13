import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { loopWorkload } from '../loop-workload.js'

const CLIENTS = 16

export const embeddedTiny = loopWorkload({
  name: 'embedded-tiny',
  about: 'LocalExecutor.run of an action that prints a line, each a different one; no gRPC',
  clients: CLIENTS,
  program: 'embedded',
  // Another one in each round: its actions have the same names, and would be cached.
  args: ({ directory }) => [join(directory, `embedded-${randomUUID()}`), String(CLIENTS)],
})
