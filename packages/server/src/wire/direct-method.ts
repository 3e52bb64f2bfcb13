import type { IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2'
import { GoregoError } from '@gorego/core'
import type { CallContext } from './call-context.js'
import type { CallLog } from './call-log.js'
import { countAnswers } from './count-bytes.js'
import { type CountBytes, DirectCall } from './direct-call.js'
import { joined } from './message-splitter.js'
import { decode, type Outgoing, type Parser, toBuffer } from './method.js'

/** Handles a call on its HTTP/2 stream. */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void

/** What calls are told to when they are over, and what counts the bytes that they hold. */
export interface DirectOptions {
  readonly log: CallLog
  readonly count: CountBytes | undefined
}

/** One RPC that is handled without grpc-js, as a service file declares it. */
export interface DirectMethod {
  readonly path: string
  /** Whether the client may send any amount. */
  readonly upload: boolean
  readonly direct: (options: DirectOptions) => StreamHandler
}

/** What a call of few messages knows of itself: the context, and the bytes that it holds. */
export type CountedContext = CallContext & Pick<DirectCall, 'bytes'>

/** What a download may do with its call. */
export type Download = CountedContext & Pick<DirectCall, 'send' | 'succeedWith'>

/** Ends the call itself, with its last message, or returns when everything was sent. */
export type DownloadHandler<Request> = (request: Request, call: Download) => Promise<void>

/** Pieces of one message in, message out; throws for bytes that are no such message. */
export type PiecesParser<T> = (pieces: readonly Uint8Array[]) => T

/** The messages of one upload, as they come. */
export interface UploadMessages<Message> {
  /** Whether there is one that `next` need not wait for. */
  readonly ready: boolean
  /** Whether no more can come. */
  readonly ended: boolean
  /** Undefined behind the last one. */
  next(): Promise<Message | undefined>
  /** The bytes of those that `next` gave out are not needed any more. */
  release(): void
}

/** What of a call counts for the bytes that its client may have under way: `answers` where requests carry no blobs. */
export type Counted = 'everything' | 'answers'

export type WholeHandler<Request> = (request: Request, context: CountedContext) => Promise<Outgoing>
export type UploadHandler<Message> = (messages: UploadMessages<Message>, context: CallContext) => Promise<Outgoing>

/** One message in, any number out. */
export function download<Request>(
  path: string,
  parse: Parser<Request>,
  handler: DownloadHandler<Request>,
): DirectMethod {
  return direct({ path, upload: false, counts: 'answers' }, async (call) => {
    const request = decode(path, parse, await onlyMessage(path, call))
    await handler(request, call)
    call.succeed()
  })
}

/** One message in, one out: `counts` says which of them has blobs in it. */
export function whole<Request>(
  path: string,
  counts: Counted,
  parse: Parser<Request>,
  handler: WholeHandler<Request>,
): DirectMethod {
  return direct({ path, upload: true, counts }, async (call) => {
    const request = decode(path, parse, await onlyMessage(path, call))
    call.succeedWith(toBuffer(await handler(request, call)))
  })
}

/** Any number of messages in, one out. */
export function upload<Message>(
  path: string,
  parse: PiecesParser<Message>,
  handler: UploadHandler<Message>,
): DirectMethod {
  return direct({ path, upload: true, counts: 'everything' }, async (call) => {
    const { messages } = call
    const parsed: UploadMessages<Message> = {
      get ready() {
        return messages.ready
      },
      get ended() {
        return messages.ended
      },
      async next() {
        const pieces = await messages.next()
        return pieces && parse(pieces)
      },
      release: () => messages.release(),
    }
    call.succeedWith(toBuffer(await handler(parsed, call)))
  })
}

interface Direct extends Pick<DirectMethod, 'path' | 'upload'> {
  readonly counts: Counted
}

function direct({ path, upload, counts }: Direct, handle: (call: DirectCall) => Promise<void>): DirectMethod {
  return {
    path,
    upload,
    direct:
      ({ log, count }) =>
      async (stream, headers) => {
        const startedAt = performance.now()
        const call = new DirectCall(stream, headers, count && counts === 'answers' ? countAnswers(count) : count)
        try {
          await handle(call)
          log({ path, context: call, startedAt })
        } catch (thrown) {
          call.fail(thrown)
          log({ path, context: call, startedAt, thrown })
        } finally {
          call.handled()
        }
      },
  }
}

async function onlyMessage(path: string, { messages }: DirectCall): Promise<Uint8Array> {
  const pieces = await messages.next()
  if (pieces === undefined) throw new GoregoError('unimplemented', `${path} was called without a message`)
  if (await messages.more()) throw new GoregoError('unimplemented', `${path} was called with more than one message`)
  return joined(pieces)
}
