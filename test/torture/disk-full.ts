import type { Digest } from '@gorego/core'
import { type BuiltAction, blobOfSize, buildAction } from '@gorego/core/testing'
import { CallError, TortureClient } from './client.js'
import { Random } from './random.js'
import type { Figures, Run, Scenario } from './scenario.js'
import { SmallDisk } from './small-disk.js'
import { TorturedServer } from './tortured-server.js'

const KIB = 1024
const MIB = 1024 * KIB

/** The disk is to be full: nothing stays free for others. */
const FILLED = { GOREGO_LOCAL_CACHE_MIN_FREE_GB: '0' }

/**
 * The disk of the cache is full, then that of the build root, then a cache that is allowed more than its disk has. Who
 * cannot write is told so, with the name of the disk and when to come back; everything else goes on; and when there is
 * space again, so do writes.
 */
export const diskFull: Scenario = {
  name: 'disk-full',
  about:
    'no space on the disk of the cache or of the build root: refused with a reason, reads go on, recovers by itself',
  rounds: 10,
  async run({ seed, rounds, log }: Run): Promise<Figures> {
    const disk = SmallDisk.mount(16 * MIB)
    if ('reason' in disk) {
      log(`SKIP: ${disk.reason}`)
      return { numbers: { rounds: 0 }, problems: [] }
    }
    using _disk = disk
    const run = new FullDisks(new Random(seed), disk)
    for (let round = 0; round < rounds; round++) {
      await run.ofTheCache(`${round}`)
      await run.ofTheBuildRoot(`${round}`)
      await run.smallerThanTheBudget(`${round}`)
      log(`round ${round + 1}: ${run.numbers.refused} refusals`)
    }
    return { numbers: { rounds, ...run.numbers }, problems: run.problems }
  },
}

class FullDisks {
  readonly problems: string[] = []
  readonly numbers = { refused: 0, 'blobs that stayed': 0, 'went on after space came back': 0, evicted: 0 }
  readonly #random: Random
  readonly #disk: SmallDisk

  constructor(random: Random, disk: SmallDisk) {
    this.#random = random
    this.#disk = disk
  }

  /** BW-13, BU-04, AC-13 */
  async ofTheCache(name: string): Promise<void> {
    this.#disk.fill(8 * MIB)
    const where = `the disk of the cache, ${this.#disk.path}`
    const server = new TorturedServer({
      dir: `${this.#disk.path}/data`,
      buildRoot: 'elsewhere',
      env: FILLED,
    })
    await this.#with(server, async (client) => {
      const action = shell(`echo ${name} > out; head -c 20000 /dev/zero > zeros`, { outputPaths: ['out', 'zeros'] })
      for (const failure of await client.batchUpdate(action.blobs)) if (failure !== undefined) throw failure
      const stored = await this.#fillUp(client, name, where)
      await this.#refused(this.#executed(client, action), where, 'an action')
      await this.#refused(
        client.putActionResult(blobOfSize(10, name).digest),
        `the disk of the action cache, ${this.#disk.path}`,
        'an action result',
      )
      await this.#allThere(client, stored)

      this.#disk.clear()
      const late = blobOfSize(3 * MIB, `late ${name}`)
      await client.upload(late)
      await client.putActionResult(late.digest)
      const failure = await this.#executed(client, action).catch((error) => error)
      if (failure !== undefined) this.problems.push(`with space again an action failed: ${failure}`)
      else this.numbers['went on after space came back']++
      await this.#allThere(client, [...stored, late.digest])
    })
  }

  /** What is staged, made or printed does not fit where actions run. */
  async ofTheBuildRoot(name: string): Promise<void> {
    const { path } = this.#disk
    const server = new TorturedServer({ buildRoot: `${path}/builds` })
    await this.#with(server, async (client) => {
      const large = { a: 8, b: 9 } as const
      const inputs = Object.fromEntries(Object.entries(large).map(([file, mib]) => [file, blobOfSize(mib * MIB, file)]))
      for (const blob of Object.values(inputs)) await client.upload(blob)
      const tooMuch = {
        'outputs that do not fit': shell('head -c 30000000 /dev/zero > out', { outputPaths: ['out'], name }),
        'outputs that do not fit, and nobody notices': shell('head -c 30000000 /dev/zero > out || true', {
          outputPaths: ['out'],
          name,
        }),
        'too much that is printed': shell('head -c 30000000 /dev/zero', { name }),
        'inputs that do not fit': shell('true', {
          name,
          inputs: Object.fromEntries(Object.entries(inputs).map(([file, { bytes }]) => [file, bytes])),
        }),
      }
      for (const [what, action] of Object.entries(tooMuch)) {
        const small = action.blobs.filter(({ bytes }) => bytes.length < MIB)
        for (const failure of await client.batchUpdate(small)) if (failure !== undefined) throw failure
        await this.#refused(this.#executed(client, action), `the build root, ${path}`, what)
        if ((await client.actionResult(action.digest)) !== undefined)
          this.problems.push(`${what}: the result is cached`)
      }
      const modest = shell('echo fits', { name })
      await client.batchUpdate(modest.blobs)
      const failure = await this.#executed(client, modest).catch((error) => error)
      if (failure !== undefined) this.problems.push(`an action that fits failed: ${failure}`)
    })
  }

  /** Where nothing is kept for a grace, what was used last stays, as on a disk of the right size. */
  async smallerThanTheBudget(name: string): Promise<void> {
    const server = new TorturedServer({
      dir: `${this.#disk.path}/data`,
      env: { GOREGO_LOCAL_CACHE_GRACE_SECONDS: '0', ...FILLED },
    })
    await this.#with(server, async (client) => {
      const sent: Digest[] = []
      for (let bytes = 0; bytes < 40 * MIB; bytes += sent.at(-1)?.sizeBytes ?? 0) {
        const blob = blobOfSize(this.#random.between(1, MIB), `${name} ${bytes}`)
        await client.upload(blob)
        sent.push(blob.digest)
      }
      const missing = await client.findMissing(sent)
      this.numbers.evicted += missing.size
      await this.#allThere(
        client,
        sent.filter((digest) => !missing.has(digest.key)),
      )
      if (missing.size === 0) this.problems.push('40 MiB fit on a disk of 16')
    })
  }

  async #with(server: TorturedServer, body: (client: TortureClient) => Promise<void>): Promise<void> {
    try {
      const { address } = await server.start()
      using client = new TortureClient(address)
      await body(client)
      this.problems.push(...(await server.underWay()).map((path) => `${path} is left`))
      await server.stop()
    } finally {
      await server.close()
      this.#disk.empty()
    }
  }

  /** Stores blobs of all sizes until not one more byte fits. Returns those that are stored. */
  async #fillUp(client: TortureClient, name: string, where: string): Promise<Digest[]> {
    const stored: Digest[] = []
    for (let size = 4 * MIB, n = 0; size >= 1; n++) {
      const blob = blobOfSize(size, `${name} ${n}`)
      const send = n % 2 === 0 && size < MIB ? this.#batched(client, blob) : client.upload(blob)
      const isStored = await send.then(
        () => true,
        () => false,
      )
      if (isStored) stored.push(blob.digest)
      else {
        await this.#refused(send, where, `a blob of ${size} bytes`)
        size = Math.floor(size / 4)
      }
    }
    return stored
  }

  async #batched(client: TortureClient, blob: Parameters<TortureClient['upload']>[0]): Promise<void> {
    const [failure] = await client.batchUpdate([blob])
    if (failure !== undefined) throw failure
  }

  async #executed(client: TortureClient, { digest }: BuiltAction): Promise<void> {
    const response = await client.execute(digest)
    const rpcStatus = response.getStatus()
    if (rpcStatus !== undefined && rpcStatus.getCode() !== 0) throw CallError.fromStatus(rpcStatus)
    if (response.getResult()?.getExitCode() !== 0) throw new Error(`exit code ${response.getResult()?.getExitCode()}`)
  }

  /** RESOURCE_EXHAUSTED, which disk it is, and when to come back. */
  async #refused(call: Promise<unknown>, where: string, what: string): Promise<void> {
    const error = await call.then(
      () => undefined,
      (thrown) => thrown,
    )
    if (error instanceof CallError && error.code === 'RESOURCE_EXHAUSTED' && error.message.includes(where)) {
      this.numbers.refused++
      if (error.retryAfterMs === undefined)
        this.problems.push(`${what} was refused without RetryInfo: ${error.message}`)
    } else this.problems.push(`${what} should have been refused for ${where}, and was not: ${error}`)
  }

  async #allThere(client: TortureClient, digests: readonly Digest[]): Promise<void> {
    const missing = await client.findMissing(digests)
    for (const digest of digests) {
      const isThere = !missing.has(digest.key) && (await client.read(digest)) !== undefined
      if (isThere) this.numbers['blobs that stayed']++
      else this.problems.push(`blob ${digest} was stored, and is gone`)
    }
  }
}

function shell(
  script: string,
  {
    name = '',
    outputPaths = [],
    inputs = {},
  }: { name?: string; outputPaths?: string[]; inputs?: Record<string, Uint8Array> },
): BuiltAction {
  const env = [
    ['PATH', '/usr/bin:/bin'],
    ['NAME', name],
  ] as const
  return buildAction({ argv: ['/bin/sh', '-c', script], env, outputPaths, inputs })
}
