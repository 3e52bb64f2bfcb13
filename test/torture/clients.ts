// What the clients of a scenario do all the time, each until it is told to stop or the server is gone.
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { type BuiltAction, blobOfSize, buildAction } from '@gorego/core/testing'
import type { TortureClient } from './client.js'
import type { Ledger } from './ledger.js'
import type { Random } from './random.js'

export interface Load {
  readonly client: TortureClient
  readonly ledger: Ledger
  readonly random: Random
  /** How long what the server says holds, in milliseconds. */
  readonly graceMs: number
  /** The largest blob that is sent. */
  readonly largest: number
  readonly stopped: () => boolean
  /** How long it rests after each thing that it does, in milliseconds. Default: not at all. */
  readonly paceMs?: () => number
  /** Whether what failed is nobody's fault. */
  readonly isExcused?: (error: unknown) => boolean
}

const KIB = 1024

/** Does something again and again. Who is refused for want of room goes on with the next, after a moment. */
async function again(load: Load, what: string, once: () => Promise<void>): Promise<void> {
  while (!load.stopped()) {
    try {
      await once()
    } catch (error) {
      if (load.isExcused?.(error)) load.ledger.count('calls that failed for want of what is behind')
      else if (load.ledger.failed(error, what, load) === 'gone') return
    }
    const restMs = load.paceMs?.() ?? 0
    if (restMs > 0) await pause(restMs)
  }
}

/** One blob after the other, by ByteStream. */
export const upload = (load: Load) =>
  again(load, 'an upload', async () => {
    const { random, client, ledger, largest } = load
    const blob = blobOfSize(random.between(1, largest), `upload ${random.next()}`)
    ledger.sent.set(blob.digest.key, blob.digest)
    const askedAt = performance.now()
    await client.upload(blob)
    ledger.acknowledged(blob.digest, askedAt)
  })

/** Batches of small blobs. */
export const batch = (load: Load) =>
  again(load, 'a batch', async () => {
    const { random, client, ledger } = load
    const blobs = Array.from({ length: random.between(1, 30) }, () =>
      blobOfSize(random.between(1, 20 * KIB), `batch ${random.next()}`),
    )
    for (const { digest } of blobs) ledger.sent.set(digest.key, digest)
    const askedAt = performance.now()
    const failures = await client.batchUpdate(blobs)
    for (const [n, { digest }] of blobs.entries()) {
      const failure = failures[n]
      if (failure !== undefined) {
        ledger.failed(failure, 'an entry of a batch', load)
        continue
      }
      ledger.acknowledged(digest, askedAt)
    }
  })

/** An action that reads its inputs and makes some files, of which one is an executable's work. */
export function someAction(random: Random): BuiltAction {
  const script =
    'cat in/* > all; ./tool all > log; mkdir tree; for n in 1 2 3; do cat all "in/$n" > "tree/$n"; done; echo done'
  const input = () => ({ content: blobOfSize(random.between(1, 8 * KIB), `input ${random.next()}`).bytes })
  return buildAction({
    argv: ['/bin/sh', '-c', script],
    env: [['PATH', '/usr/bin:/bin']],
    inputs: {
      tool: { content: `#!/bin/sh\nwc -c "$1" # ${random.next()}\n`, executable: true },
      in: { directory: { 1: input(), 2: input(), 3: input() } },
    },
    outputPaths: ['all', 'log', 'tree'],
  })
}

/** Actions, sent and executed. What is reported as missing is sent again, as a client would. */
export const execute = (load: Load) =>
  again(load, 'an action', async () => {
    const { random, client, ledger } = load
    const action = someAction(random)
    ledger.actions.set(action.digest.key, { digest: action.digest, answered: false })
    for (let tries = 0; tries < 3 && !load.stopped(); tries++) {
      const askedAt = performance.now()
      for (const failure of await client.batchUpdate(action.blobs)) if (failure !== undefined) throw failure
      for (const { digest } of action.blobs) ledger.promised(digest, askedAt)
      const result = ledger.judge(await client.execute(action.digest), { ...load, askedAt })
      if (result === 'missing') continue
      if (result === 'failed') return
      ledger.actions.set(action.digest.key, { digest: action.digest, answered: true })
      for (const digest of await client.outputsOf(result)) ledger.promised(digest, askedAt)
      ledger.count('acknowledged actions')
      return
    }
  })

/** Comes for blobs that it was told are there, in one way or another. To be told again, or to be given it, is a new promise. */
export const relyOnBlobs = (load: Load) =>
  again(load, 'a look for a blob', async () => {
    const { random, client, ledger, graceMs } = load
    const promise = await somePromise(load)
    if (promise === undefined) return
    const { digest } = promise
    const askedAt = performance.now()
    const isThere = random.chance(0.5)
      ? !(await client.findMissing([digest])).has(digest.key)
      : (await client.read(digest)) !== undefined
    if (isThere) ledger.promised(digest, askedAt)
    ledger.redeem(promise, isThere, graceMs)
  })

/** Comes for results, each of which promises all that it refers to. */
export const relyOnResults = (load: Load) =>
  again(load, 'a look for a result', async () => {
    const { random, client, ledger } = load
    const actions = [...ledger.actions.values()].filter(({ answered }) => answered)
    if (actions.length === 0) return await nothingYet()
    const { digest } = random.pick(actions)
    const askedAt = performance.now()
    const result = await client.actionResult(digest)
    if (result === undefined) {
      ledger.count('results of which something was evicted')
      ledger.actions.delete(digest.key)
      return
    }
    for (const output of await client.outputsOf(result)) ledger.promised(output, askedAt)
  })

/** Of those that were made lately or long ago. */
async function somePromise({ ledger, random }: Load) {
  const keys = [...ledger.blobs.keys()]
  if (keys.length === 0) return await nothingYet()
  return ledger.blobs.get(random.chance(0.5) ? random.pick(keys) : random.pick(keys.slice(-20)))
}

async function nothingYet(): Promise<undefined> {
  await nextTurn()
  return undefined
}
