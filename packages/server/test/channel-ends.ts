import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { Channel, type Handler } from '../src/front-ends/channel.js'

/** A channel's two ends, both in this process; `there` serves. */
export async function channelEnds(
  handlers: Record<string, Handler>,
): Promise<{ here: Channel; there: Channel } & Disposable> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  server.close()
  const [here, there] = [new Channel(client, {}), new Channel(accepted, handlers)]
  return {
    here,
    there,
    [Symbol.dispose]() {
      here.close()
      there.close()
    },
  }
}
