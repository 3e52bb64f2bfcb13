import { serverWorkload } from '../server-workload.js'
import type { LoadWorkload } from '../workload.js'
import { capabilities } from './capabilities.js'
import { executeCached } from './execute-cached.js'

export function growClientsCapabilities(clients: number): LoadWorkload {
  return serverWorkload({
    ...capabilities.load,
    name: `grow-clients-capabilities-${clients}`,
    about: `GetCapabilities with ${clients.toLocaleString('en-US')} connections`,
    clients,
    connections: clients,
  })
}

export function growClientsCached(clients: number): LoadWorkload {
  return serverWorkload({
    ...executeCached.load,
    name: `grow-clients-cached-${clients}`,
    about: `Execute, answered from the action cache, with ${clients.toLocaleString('en-US')} connections`,
    clients,
    connections: clients,
  })
}
