import { type ErrorCode, GoregoError } from '@gorego/core'
import { type Parser, toBuffer } from '../wire/method.js'
import type { Caller } from './caller.js'

/** Is told what goes over a line while it goes. Bytes are those of gRPC's messages: what is compressed counts compressed, headers and TLS do not count. */
export interface CallWatch {
  sent(bytes: number): void
  received(bytes: number): void
  /** A call is over. `method` is as in `ByteStream/Read`. */
  ended(method: string, outcome: ErrorCode | 'ok'): void
}

/** Tells of every call that is made. */
export function watchedCalls(base: Caller, watch: CallWatch): Caller {
  const sending = (message: Parameters<typeof toBuffer>[0]) => {
    const bytes = toBuffer(message)
    watch.sent(bytes.length)
    return bytes
  }
  const receiving =
    <T>(parse: Parser<T>): Parser<T> =>
    (bytes) => {
      watch.received(bytes.length)
      return parse(bytes)
    }
  const ended = (path: string, outcome: ErrorCode | 'ok') => watch.ended(path.slice(path.lastIndexOf('.') + 1), outcome)
  async function telling<T>(path: string, signal: AbortSignal | undefined, call: Promise<T>): Promise<T> {
    try {
      const answer = await call
      ended(path, 'ok')
      return answer
    } catch (error) {
      ended(path, codeOf(error, signal))
      throw error
    }
  }
  return {
    unary: (path, request, parse, signal) =>
      telling(path, signal, base.unary(path, sending(request), receiving(parse), signal)),
    clientStream: (path, requests, parse, signal) =>
      telling(path, signal, base.clientStream(path, each(requests, sending), receiving(parse), signal)),
    async *serverStream(path, request, parse, signal) {
      // Of one whose reader has enough before its end.
      let outcome: ErrorCode | 'ok' = 'cancelled'
      try {
        yield* base.serverStream(path, sending(request), receiving(parse), signal)
        outcome = 'ok'
      } catch (error) {
        outcome = codeOf(error, signal)
        throw error
      } finally {
        ended(path, outcome)
      }
    },
  }
}

/** A caller that gives up may say why in words of its own; that a server was silent for too long is one of ours. */
function codeOf(error: unknown, signal: AbortSignal | undefined): ErrorCode {
  return signal?.aborted && !(error instanceof GoregoError) ? 'cancelled' : GoregoError.from(error).code
}

async function* each<T, R>(items: AsyncIterable<T>, change: (item: T) => R): AsyncGenerator<R> {
  for await (const item of items) yield change(item)
}
