import type { IncomingMessage } from 'node:http'
import type { Permission } from '../auth/permission.js'
import type { CallBytes } from '../clients/in-flight.js'

/** What a caller must be allowed to for an answer; `nothing` is for everybody. */
export type Need = 'nothing' | Permission

/** Bytes that come bit by bit. */
export interface Chunks {
  readonly chunks: AsyncIterable<Uint8Array | string>
  /** Of all of them together, where that is known. */
  readonly sizeBytes?: number
}

/** What is sent for one request. */
export interface Answer {
  readonly status: number
  readonly contentType: string
  readonly body: string | Uint8Array | Chunks
  readonly headers?: Readonly<Record<string, string>>
}

/** One request. */
export interface Visit {
  readonly request: IncomingMessage
  /** What the route's path caught, still encoded as it was in the URL; nothing for a path that is plain text. */
  readonly parts: readonly (string | undefined)[]
  /** Aborted when nobody waits for the answer any more. */
  readonly signal: AbortSignal
  /** What the request has in memory. Whoever sends the chunks of an answer gives them back. */
  readonly bytes: CallBytes
}

export interface Endpoint {
  readonly needs: Need
  /** A GoregoError that is thrown becomes an answer with a fitting status. */
  readonly answer: (visit: Visit) => Answer | Promise<Answer>
}

/** One path, or all those that a pattern fits, with what can be done there. */
export interface Route {
  readonly path: string | RegExp
  /** Whether it is for load balancers and the like, who call the server by any name: nothing is in it that a stranger could use. */
  readonly isProbe?: boolean
  /** Whether who asks for it uses the server, and does not just look how it is. */
  readonly isUse?: boolean
  /** What all its paths are called, for whoever keeps an account of requests; those of a route without are told to nobody. */
  readonly template?: string
  /** The instance that a path is about, from what it caught; absent where permissions must hold in all of them. Throws for what is no name of one. */
  readonly instanceOf?: (parts: Visit['parts']) => string
  /** HEAD is answered, too, without a body. */
  readonly GET?: Endpoint
  readonly PUT?: Endpoint
}

const PLAIN = 'text/plain; charset=utf-8'

export const plain = (status: number, text: string): Answer => ({ status, contentType: PLAIN, body: `${text}\n` })
