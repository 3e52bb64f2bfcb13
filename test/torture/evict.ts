import { lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { HANG_BOUND_MS } from '@gorego/core/testing'
import { TortureClient } from './client.js'
import { batch, execute, type Load, relyOnBlobs, relyOnResults, upload } from './clients.js'
import { Ledger } from './ledger.js'
import { Random } from './random.js'
import type { Figures, Run, Scenario } from './scenario.js'
import { TorturedServer } from './tortured-server.js'

/** Enough that the next round cannot but evict. On a busy machine that takes its time; on one that does nothing it is not waited for. */
const ROUND_BYTES = 8_000_000
const GRACE_SECONDS = 1
const MAX_BYTES = 12_000_000

/** Outputs may exceed the budget by a tenth until the grace of others is over. */
const MOST_BYTES = MAX_BYTES * 1.1

/**
 * A cache that is far smaller than what is sent to it. All the time, clients come for what they were told is there, and
 * find it unless the grace is over; the disk never holds more than it may.
 */
export const evict: Scenario = {
  name: 'evict',
  about: 'uploads, actions and readers on a cache far too small: what a client was told is there stays for the grace',
  rounds: 20,
  async run({ seed, rounds, log }: Run): Promise<Figures> {
    const random = new Random(seed)
    const ledger = new Ledger()
    const server = new TorturedServer({
      env: {
        GOREGO_LOCAL_CACHE_MAX_SIZE_GB: String(MAX_BYTES / 1e9),
        GOREGO_LOCAL_CACHE_GRACE_SECONDS: String(GRACE_SECONDS),
        GOREGO_EXECUTION_CONCURRENCY: '2',
      },
    })
    let mostBytes = 0
    try {
      const { address } = await server.start()
      using client = new TortureClient(address)
      let stopped = false
      const load = (): Load => ({
        client,
        ledger,
        random: random.fork(),
        graceMs: GRACE_SECONDS * 1000,
        largest: 300 * 1024,
        stopped: () => stopped,
      })
      const clients = [upload, upload, batch, execute, execute, execute, relyOnBlobs, relyOnBlobs, relyOnResults]
      const working = clients.map((work) => work(load()))
      for (let round = 0; round < rounds; round++) {
        await rounded(ledger)
        mostBytes = Math.max(mostBytes, bytesIn(server.dir))
        log(
          `round ${round + 1}: ${ledger.numbers['acknowledged blobs']} blobs acknowledged, ${ledger.blobs.size} promised`,
        )
      }
      stopped = true
      await Promise.all(working)
      await ledger.settle(client, GRACE_SECONDS * 1000)
      for (const path of await server.underWay()) ledger.complain(`${path} is left when nothing is under way`)
      await server.stop()
    } finally {
      await server.close()
    }
    if (mostBytes > MOST_BYTES) ledger.complain(`blobs took ${mostBytes} bytes of the ${MAX_BYTES} that they may take`)
    for (const what of ['acknowledged blobs', 'acknowledged actions', 'promises kept', 'evicted blobs']) {
      if (ledger.numbers[what] === undefined) ledger.complain(`it shows nothing: there are no ${what}`)
    }
    return {
      numbers: { rounds, 'lost blobs': 0, 'most bytes': mostBytes, ...ledger.numbers },
      problems: ledger.problems,
    }
  },
}

/** Waits until so much more was taken. */
async function rounded({ numbers }: Ledger): Promise<void> {
  const enough = (numbers['acknowledged bytes'] ?? 0) + ROUND_BYTES
  const giveUpAt = performance.now() + HANG_BOUND_MS
  while ((numbers['acknowledged bytes'] ?? 0) < enough && performance.now() < giveUpAt) await pause(10)
}

/** What blobs and uploads under way take on the disk. Files come and go meanwhile; these directories stay. */
function bytesIn(dir: string): number {
  const inside = (directory: string) => readdirSync(directory).map((name) => join(directory, name))
  const shards = inside(join(dir, 'cas')).flatMap(inside)
  const uploads = inside(join(dir, 'run')).map((session) => join(session, 'upload'))
  let bytes = 0
  for (const path of [...shards, ...uploads].flatMap(inside)) {
    bytes += (lstatSync(path, { throwIfNoEntry: false })?.blocks ?? 0) * 512
  }
  return bytes
}
