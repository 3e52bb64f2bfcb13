// The program of a front-end process: speaks gRPC on the connections that it is given, and asks the process that started it
// for whatever there is only one of. It lives as long as that process wants it, and not a moment longer.
import { Socket } from 'node:net'
import { tuneHeapForServing } from '../heap/serving-heap.js'
import { Channel } from './channel.js'
import { remoteLogger } from './remote-logger.js'
import { type FrontEnd, serveFrontEnd } from './serve-front-end.js'
import { CHANNEL_FD, type Setup } from './setup.js'

tuneHeapForServing()
let frontEnd: FrontEnd | undefined

const channel = new Channel(new Socket({ fd: CHANNEL_FD }), {
  async serve({ head }) {
    const setup = head as Setup
    frontEnd = await serveFrontEnd(setup, channel, remoteLogger(channel, setup.config.logLevel))
    return {}
  },
  drain() {
    frontEnd?.advance('draining')
    return {}
  },
  idle: () => ({ head: frontEnd?.idleMs() ?? 0 }),
  async quiet({ head }) {
    await frontEnd?.quiet(head as number)
    return {}
  },
  async stop({ head }) {
    frontEnd?.advance('over')
    await frontEnd?.stop(head as number)
    return {}
  },
  forget() {
    frontEnd?.forget()
    return {}
  },
  spare: () => ({ head: frontEnd?.spare() ?? false }),
  metrics: async () => ({ head: (await frontEnd?.metrics()) ?? [] }),
})

process.on('message', (number, connection: Socket | undefined) => {
  channel.tell('taken', number)
  // One that is gone again arrives as nothing.
  if (connection === undefined) channel.tell('closed')
  else frontEnd?.accept(connection)
})

// A terminal and a supervisor tell all processes to stop; what is to become of calls under way is told by the one that started us.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
process.once('disconnect', () => process.exit())
void channel.closed.then(() => process.exit())
