import { deepEqual, equal, ok } from 'node:assert/strict'
import type { ActionCache, ActionKey } from '../action-cache/index.js'
import { Digest, type DigestFunction, digestFunctions, SHA256 } from '../digest/index.js'
import { blobOf, blobOfSize } from './blobs.js'
import type { RegisterTest } from './contract.js'

/** A cache for one test, and how it is given back. */
export interface OpenedActionCache {
  readonly cache: ActionCache
  readonly close?: () => void | Promise<void>
}

/** The cache that the contract is tried on. */
export interface ActionCacheContractOptions {
  /** Begins the name of every test. */
  readonly name: string
  /** An empty cache, for one test. */
  readonly open: () => OpenedActionCache | Promise<OpenedActionCache>
  /** A digest function that the cache supports. Default SHA-256. */
  readonly fn?: DigestFunction
}

/** Names that a careless cache takes for the same, for a path, or for no name at all (GEN-04). */
const INSTANCES = [
  '',
  '.',
  '..',
  '../i-',
  '/',
  'a',
  'a/b',
  'a%2Fb',
  'a%2fb',
  'i-a',
  'h-a',
  ':a',
  'ä',
  'a\u0308',
  'with space',
  'nul\0',
  '\ud800',
  '\ud801',
  '\ufffd',
  'x'.repeat(199),
  'x'.repeat(5000),
  `${'x'.repeat(5000)}y`,
]

/** Results are bytes to a cache; these are not even messages. */
const result = (text: string) => Buffer.from(text)

const tests: Record<
  string,
  (cache: ActionCache, keyOf: (text: string, instance?: string) => ActionKey) => Promise<void>
> = {
  'AC-01: what was never put is a miss': async (cache, keyOf) => {
    equal(await cache.get(keyOf('unknown')), undefined)
  },

  'a result comes back byte for byte': async (cache, keyOf) => {
    for (const { bytes } of [blobOfSize(1), blobOfSize(300), blobOfSize(3_000_000)]) {
      await cache.put(keyOf('action'), bytes)
      await is(cache, keyOf('action'), bytes)
    }
  },

  'actions are told apart by hash and by size (DIG-02)': async (cache, keyOf) => {
    const one = keyOf('one')
    const resized = { ...one, action: Digest.of(one.action.fn, one.action.hash, 4) }
    await cache.put(one, result('one'))
    equal(await cache.get(resized), undefined)
    equal(await cache.get(keyOf('two')), undefined)
    await cache.put(resized, result('resized'))
    await is(cache, one, result('one'))
  },

  'DIG-07: actions are told apart by digest function': async (cache, keyOf) => {
    const key = keyOf('action')
    for (const fn of digestFunctions.filter((each) => each.hashLength === key.action.hash.length)) {
      const same = { ...key, action: Digest.of(fn, key.action.hash, key.action.sizeBytes) }
      equal(await cache.get(same), undefined)
      await cache.put(same, result(`of ${fn.name}`))
      await is(cache, same, result(`of ${fn.name}`))
    }
  },

  'GEN-04: no instance sees what another one put': async (cache, keyOf) => {
    for (const instance of INSTANCES) {
      equal(await cache.get(keyOf('action', instance)), undefined, `nothing yet in ${JSON.stringify(instance)}`)
      await cache.put(keyOf('action', instance), result(`of ${JSON.stringify(instance)}`))
    }
    for (const instance of INSTANCES) {
      await is(cache, keyOf('action', instance), result(`of ${JSON.stringify(instance)}`))
    }
  },

  'AC-14: the last put wins': async (cache, keyOf) => {
    for (const text of ['first', 'second, and longer', '3']) {
      await cache.put(keyOf('action'), result(text))
      await is(cache, keyOf('action'), result(text))
    }
  },

  'AC-14: with many writers at once, readers see one whole result': async (cache, keyOf) => {
    const results = Array.from({ length: 10 }, (_, n) => Buffer.alloc(50_000 + n, n))
    const seen = Promise.all(
      results.map(async (bytes) => {
        await cache.put(keyOf('action'), bytes)
        return await cache.get(keyOf('action'))
      }),
    )
    for (const bytes of await seen) ok(bytes !== undefined && results.some((whole) => whole.equals(bytes)))
  },

  'AC-15: an empty result is never served': async (cache, keyOf) => {
    await cache.put(keyOf('action'), result(''))
    equal(await cache.get(keyOf('action')), undefined)
  },

  'the caller may use its bytes again after a put': async (cache, keyOf) => {
    const bytes = Buffer.from('result')
    await cache.put(keyOf('action'), bytes)
    bytes.fill(0)
    await is(cache, keyOf('action'), result('result'))
  },
}

/** The tests that every `ActionCache` that keeps results passes: `actionCacheContract(test, { name, open })`. */
export function actionCacheContract(test: RegisterTest, { name, open, fn = SHA256 }: ActionCacheContractOptions): void {
  const keyOf = (text: string, instance = '') => ({ instance, action: blobOf(text, fn).digest })
  for (const [title, run] of Object.entries(tests)) {
    test(`${name}: ${title}`, async () => {
      await fn.prepare()
      const { cache, close } = await open()
      try {
        await run(cache, keyOf)
      } finally {
        await close?.()
      }
    })
  }
}

async function is(cache: ActionCache, key: ActionKey, expected: Uint8Array): Promise<void> {
  const actual = await cache.get(key)
  deepEqual(actual && Buffer.from(actual), Buffer.from(expected))
}
