import type { Outgoing, Parser } from '../wire/method.js'

/** What calls of another server are made through: a Channel, or something around one. All throw GoregoErrors, and `signal.reason` once that is aborted. */
export interface Caller {
  unary<Response>(path: string, request: Outgoing, parse: Parser<Response>, signal?: AbortSignal): Promise<Response>

  serverStream<Response>(
    path: string,
    request: Outgoing,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): AsyncGenerator<Response>

  /** Sends requests until there are no more, or the server has answered; they are read to their end all the same, but for a failure. */
  clientStream<Response>(
    path: string,
    requests: AsyncIterable<Outgoing>,
    parse: Parser<Response>,
    signal?: AbortSignal,
  ): Promise<Response>
}
