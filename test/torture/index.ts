import { crashRunner } from './crash-runner.js'
import { crashServer } from './crash-server.js'
import { diskFull } from './disk-full.js'
import { evict } from './evict.js'
import { hostileBlobs } from './hostile-blobs.js'
import { hostileDepartures } from './hostile-departures.js'
import { hostileHttp2 } from './hostile-http2.js'
import { hostileMessages } from './hostile-messages.js'
import { hostilePace } from './hostile-pace.js'
import { hostileStreams } from './hostile-streams.js'
import type { Scenario } from './scenario.js'

/** All that `npm run torture` does, in this order. */
export const scenarios: readonly Scenario[] = [
  crashServer,
  crashRunner,
  diskFull,
  evict,
  hostileMessages,
  hostileBlobs,
  hostileStreams,
  hostilePace,
  hostileHttp2,
  hostileDepartures,
]
