import { randomBytes } from 'node:crypto'
import { Digest, GoregoError, prepareAction, SHA256 } from '@gorego/core'
import type { RemoteOperation, RemoteServer } from '@gorego/server'
import type { MeasureOptions } from './measure.js'

/** One thing that a server is asked for again and again. */
export interface Scenario {
  /** For a row of a table. */
  readonly name: string
  /** Bytes of content that a call moves; 0 where they are not what it is about. */
  readonly bytesPerCall: number
  readonly most: number
  /** Whether the server has to execute. */
  readonly executes: boolean
  /** What has to be there before; resolves to the call. */
  prepare(signal: AbortSignal): Promise<MeasureOptions['call']>
}

const SMALL = 1024
const LARGE = 8 * 1024 * 1024

/** What is stored is bounded by these: somebody's cache is not to be filled. */
const MOST_SMALL = 20_000
const MOST_LARGE = 32
const MOST_ACTIONS = 20_000

/** Everything that is stored is of this run alone: what another one has left would be found. */
export function scenarios(server: RemoteServer): Scenario[] {
  const mark = randomBytes(8).toString('hex')
  const { blobs } = server
  const small = new Blobs(SMALL)
  const large = new Blobs(LARGE)
  return [
    {
      name: 'echo hello, run',
      ...{ bytesPerCall: 0, most: MOST_ACTIONS, executes: true },
      prepare: async () => async (n, signal) => {
        await echo(server, { mark: `${mark} ${n}`, doNotCache: true }, signal)
      },
    },
    {
      name: 'echo hello, cached',
      ...{ bytesPerCall: 0, most: Number.POSITIVE_INFINITY, executes: true },
      async prepare(signal) {
        const action = await echo(server, { mark, doNotCache: false }, signal)
        return async (_n, callSignal) => {
          const { response } = successOf(await server.execute(action, {}, callSignal))
          if (response?.getCachedResult() !== true)
            throw new GoregoError('failed-precondition', 'the server does not keep the result of an action')
        }
      },
    },
    ...[
      { name: '1 KiB, stored', blob: small, most: MOST_SMALL },
      { name: '8 MiB, stored', blob: large, most: MOST_LARGE },
    ].map(({ name, blob, most }) => ({
      name,
      ...{ bytesPerCall: blob.size, most, executes: false },
      prepare: async () => async (n: number, signal: AbortSignal) => {
        const [digest, bytes] = blob.number(n)
        await blobs.write(digest, bytes, signal)
      },
    })),
    ...[
      { name: '1 KiB, read', blob: small, many: 64 },
      { name: '8 MiB, read', blob: large, many: 4 },
    ].map(({ name, blob, many }) => ({
      name,
      ...{ bytesPerCall: blob.size, most: Number.POSITIVE_INFINITY, executes: false },
      async prepare(signal: AbortSignal) {
        const digests: Digest[] = []
        for (let n = 0; n < many; n++) {
          const [digest, bytes] = blob.number(n)
          await blobs.write(digest, bytes, signal)
          digests.push(digest)
        }
        return async (n: number, callSignal: AbortSignal) => {
          await blobs.get(digests[n % many] as Digest, callSignal)
        }
      },
    })),
  ]
}

/** Blobs of one size that nobody has: random bytes, with a number in them. */
class Blobs {
  readonly size: number
  readonly #bytes: Buffer

  constructor(size: number) {
    this.size = size
    this.#bytes = randomBytes(size)
  }

  number(n: number): [Digest, Uint8Array] {
    const bytes = Buffer.from(this.#bytes)
    bytes.writeUInt32LE(n, 0)
    return [Digest.ofBytes(SHA256, bytes), bytes]
  }
}

async function echo(
  server: RemoteServer,
  { mark, doNotCache }: { readonly mark: string; readonly doNotCache: boolean },
  signal: AbortSignal,
): Promise<Digest> {
  const spec = { argv: ['/bin/echo', 'hello'], env: { GOREGO_BENCH: mark }, doNotCache, timeoutMs: 60_000 }
  const action = await prepareAction(spec, { cas: server.blobs, fn: SHA256, signal })
  const { response } = successOf(await server.execute(action, {}, signal))
  const said = response?.getResult()?.getExitCode()
  if (said !== 0) throw new GoregoError('failed-precondition', `echo hello ended with exit code ${said} on the server`)
  return action
}

function successOf(operation: RemoteOperation): RemoteOperation {
  const { failure, response } = operation
  const status = response?.getStatus()
  if (failure !== undefined) throw failure
  if ((status?.getCode() ?? 0) !== 0)
    throw new GoregoError('failed-precondition', `echo hello did not run on the server: ${status?.getMessage()}`)
  return operation
}
