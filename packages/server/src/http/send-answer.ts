import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Answer } from './route.js'

/** Nobody is to guess what an answer is, to keep it, to have it in a page of his own, or to learn from a link where it was. */
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
}

/**
 * Sends an answer, its chunks no faster than they are taken. What fails before the first chunk is thrown, and something
 * else can be sent; after that the connection is cut off, so that nobody takes a part for the whole.
 */
export async function sendAnswer(response: ServerResponse, answer: Answer, headOnly: boolean): Promise<void> {
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
  else await pipeline(Readable.from(resumed(first.value, chunks)), response)
}

async function* resumed<T>(first: T, rest: AsyncIterator<T>): AsyncGenerator<T> {
  try {
    yield first
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value
  } finally {
    await rest.return?.()
  }
}
