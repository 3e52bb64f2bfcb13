import type { reapi } from '@gorego/core'
import { capabilitiesOf } from '../client/calls.js'
import { RawClient } from '../client/raw-client.js'
import { OwnServer } from './own-server.js'

/** The server under test. */
export interface Target {
  /** `host:port` or `unix:/path`. */
  readonly address: string
  readonly secure: boolean
  /** The instance name that all cases use, where they do not need several. */
  readonly instance: string
  readonly capabilities: reapi.ServerCapabilities
  /** Set where we have started it ourselves. */
  readonly own: OwnServer | undefined
  readonly stop: () => Promise<void>
}

/** A gorego of our own in a fresh directory, on a free port. */
export async function ownTarget(): Promise<Target> {
  const own = await OwnServer.start({ 'execution.concurrency': 2 })
  try {
    return await reach({ address: own.address, secure: false, instance: '', own, stop: () => own.stop() })
  } catch (error) {
    await own.stop()
    throw error
  }
}

/** A server that runs already: `grpc://host:port`, `grpcs://host:port`, `host:port` or `unix:/path`. */
export async function remoteTarget(remote: string, instance: string): Promise<Target> {
  const [, scheme, address] = /^(?:(grpcs?):\/\/)?((?:[^/:]+|\[[0-9a-f:.]+\]):\d+|unix:.+?)\/?$/i.exec(remote) ?? []
  if (address === undefined) {
    throw new Error(`${remote} is no address: want grpc://host:port, grpcs://host:port or unix:/path`)
  }
  return await reach({ address, secure: scheme === 'grpcs', instance, own: undefined, stop: async () => {} })
}

async function reach(target: Omit<Target, 'capabilities'>): Promise<Target> {
  const client = new RawClient(target.address, target)
  try {
    return { ...target, capabilities: await capabilitiesOf(client, { timeoutMs: 10_000 }) }
  } catch (error) {
    throw new Error(`${target.address} does not answer GetCapabilities: ${(error as Error).message}`)
  } finally {
    client[Symbol.dispose]()
  }
}
