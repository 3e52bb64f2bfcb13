import type { ServerResponse } from 'node:http'
import type { HeldBytes } from '../clients/held-bytes.js'
import type { Answer } from './route.js'

/** Nobody is to guess what an answer is, to keep it, to have it in a page of his own, or to learn from a link where it was. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
}

export interface SendOptions {
  readonly headOnly: boolean
  /** What its chunks are given back to when they are sent. */
  readonly down: HeldBytes
}

/**
 * Sends an answer, its chunks no faster than they are taken. What fails before the first chunk is thrown, and something
 * else can be sent; after that the connection is cut off, so that nobody takes a part for the whole.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  { headOnly, down }: SendOptions,
): Promise<void> {
  const { status, contentType, body, headers } = answer
  const head = { ...HEADERS, 'content-type': contentType, ...headers }
  if (typeof body === 'string' || body instanceof Uint8Array) {
    response.writeHead(status, { ...head, 'content-length': Buffer.byteLength(body) })
    response.end(headOnly ? undefined : body)
    return
  }
  const length = body.sizeBytes === undefined ? {} : { 'content-length': body.sizeBytes }
  if (headOnly) {
    response.writeHead(status, { ...head, ...length }).end()
    return
  }
  const chunks = body.chunks[Symbol.asyncIterator]()
  const first = await chunks.next()
  response.writeHead(status, { ...head, ...length })
  if (first.done) response.end()
  else await sendChunks(response, resumed(first.value, chunks), down)
}

/** One chunk is on its way while the next is read. */
async function sendChunks(
  response: ServerResponse,
  chunks: AsyncIterable<Uint8Array | string>,
  down: HeldBytes,
): Promise<void> {
  let sent = Promise.resolve(true)
  for await (const chunk of chunks) {
    if (!(await sent)) return
    down.awaitClient(true)
    sent = write(response, chunk).then((delivered) => {
      down.awaitClient(false)
      down.give(chunk.length)
      return delivered
    })
  }
  if (await sent) response.end()
}

/** Resolves when the chunk is with the system, or to false when nobody wants it any more. */
function write(response: ServerResponse, chunk: Uint8Array | string): Promise<boolean> {
  return new Promise((resolve) => {
    const gone = () => resolve(false)
    response.once('close', gone)
    response.write(chunk, (error) => {
      response.off('close', gone)
      resolve(!error)
    })
  })
}
async function* resumed<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
