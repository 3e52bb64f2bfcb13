import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { hostileBlobs } from './hostile-blobs.js'
import { hostileDepartures } from './hostile-departures.js'
import { hostileHttp2 } from './hostile-http2.js'
import { hostileMessages } from './hostile-messages.js'
import { hostilePace } from './hostile-pace.js'
import { hostileStreams } from './hostile-streams.js'
import type { Scenario } from './scenario.js'

/** Short forms, with the same choices each time; `npm run torture -- --only hostile` goes on for longer, and makes others. */
const short: readonly (readonly [Scenario, rounds: number])[] = [
  [hostileMessages, 15],
  [hostileBlobs, 10],
  [hostileStreams, 8],
  [hostilePace, 50],
  [hostileHttp2, 1],
  [hostileDepartures, 1],
]

for (const [{ name, about, run }, rounds] of short) {
  test(`GEN-06, GEN-07: ${name}: ${about}`, async () => {
    const log: string[] = []
    const { problems } = await run({ seed: 4, rounds, log: (line) => log.push(line) })
    assert.equal(problems, [], log.join('\n'))
  })
}

test.run()
