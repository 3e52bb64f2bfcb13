// A request over HTTP that waits for others of its client.
import { silentLogger } from '@gorego/core'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { InFlight } from '../src/clients/in-flight.js'
import { serveHttp } from '../src/http/http-server.js'
import { plain } from '../src/http/route.js'

interface Waiting {
  readonly url: string
  /** When the request waits. */
  readonly begun: Promise<unknown>
  /** What became of its turn. */
  readonly ended: Promise<unknown>
  /** How long nothing may move on its connection before that is given up, while it waits and afterwards; 0 is for ever. */
  readonly idleTimeouts: (number | undefined)[]
}

/** Serves a path whose answer waits for a turn that never comes. */
async function whileOneHolds(lookMs: number, use: (waiting: Waiting) => Promise<void>): Promise<void> {
  const inFlight = new InFlight({ maxBytes: 100, lookMs })
  const options = { cutOff() {} }
  const holding = inFlight.begin('somebody', options)
  assert.is(holding.down.take(100), undefined)
  // Whoever asks is the same client.
  inFlight.begin = (
    (begin) => (_client, given) =>
      begin.call(inFlight, 'somebody', given)
  )(inFlight.begin)
  let begin = (_turn: unknown) => {}
  const begun = new Promise<unknown>((resolve) => {
    begin = resolve
  })
  let end = (_outcome: unknown) => {}
  const ended = new Promise<unknown>((resolve) => {
    end = resolve
  })
  const idleTimeouts: (number | undefined)[] = []
  const server = await serveHttp({
    listenAddr: '127.0.0.1:0',
    socketMode: 0o600,
    idleTimeoutMs: HANG_BOUND_MS,
    routes: [
      {
        path: '/turn',
        isUse: true,
        template: '/turn',
        GET: {
          needs: 'nothing',
          answer: async ({ bytes, request }) => {
            try {
              const turn = bytes.down.take(1)
              idleTimeouts.push(request.socket.timeout)
              begin(undefined)
              await turn
              end(undefined)
            } catch (error) {
              idleTimeouts.push(request.socket.timeout)
              end(error)
              throw error
            }
            return plain(200, 'had its turn')
          },
        },
      },
    ],
    logger: silentLogger,
    access: undefined,
    clients: undefined,
    inFlight,
    tls: undefined,
    hosts: [],
    onVisit: undefined,
  })
  try {
    await use({ url: `http://${server.address}/turn`, begun, ended, idleTimeouts })
  } finally {
    holding.end()
    await server.close()
  }
}

test('a request that waits for its turn is told so when that takes too long, though nothing moves on its connection', async () => {
  await whileOneHolds(30, async ({ url, idleTimeouts }) => {
    const answer = await fetch(url)
    assert.is(answer.status, 503)
    assert.is(answer.headers.get('retry-after'), '1')
    assert.match(await answer.text(), 'limits.in_flight_mb')
    assert.equal(idleTimeouts, [0, HANG_BOUND_MS])
  })
})

test('a request whose client has gone waits no longer', async () => {
  await whileOneHolds(2 ** 31 - 1, async ({ url, begun, ended }) => {
    const gone = new AbortController()
    const answer = fetch(url, { signal: gone.signal }).catch((error: Error) => error.name)
    await begun
    gone.abort()
    assert.is(await answer, 'AbortError')
    assert.match(String(await ended), 'the call is over')
  })
})

test.run()
