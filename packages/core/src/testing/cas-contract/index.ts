import { deepEqual } from 'node:assert/strict'
import type { ContentAddressableStorage } from '../../cas/index.js'
import { type DigestFunction, SHA256 } from '../../digest/index.js'
import type { RegisterTest } from '../contract.js'
import { lookUpTests } from './look-up.js'
import { readTests } from './read.js'
import { writeTests } from './write.js'

/** A store for one test, and how it is given back. */
export interface OpenedCas {
  readonly cas: ContentAddressableStorage
  /** Whatever of unfinished uploads is still about (temporary files, reservations): nothing, once a test is over (GEN-07). */
  readonly leftovers?: () => readonly unknown[]
  readonly close?: () => void | Promise<void>
}

/** The store that the contract is tried on. */
export interface CasContractOptions {
  /** Begins the name of every test. */
  readonly name: string
  /** An empty store with room for 50 MB, for one test. */
  readonly open: () => OpenedCas | Promise<OpenedCas>
  /** A digest function that the store supports. Default SHA-256. */
  readonly fn?: DigestFunction
}

/** What one test of the contract does with an empty store. */
export type CasTests = Record<string, (cas: ContentAddressableStorage, fn: DigestFunction) => Promise<void>>

/**
 * The tests that every `ContentAddressableStorage` passes: stores, tiers and decorators alike.
 *
 *     import { test } from 'uvu'
 *     casContract(test, { name: 'MemoryStore', open: () => ({ cas: new MemoryStore() }) })
 *     test.run()
 */
export function casContract(test: RegisterTest, { name, open, fn = SHA256 }: CasContractOptions): void {
  const tests: CasTests = { ...lookUpTests, ...readTests, ...writeTests }
  for (const [title, run] of Object.entries(tests)) {
    test(`${name}: ${title}`, async () => {
      await fn.prepare()
      const { cas, leftovers, close } = await open()
      try {
        await run(cas, fn)
        deepEqual(leftovers?.() ?? [], [], 'nothing is left of unfinished uploads')
      } finally {
        await close?.()
      }
    })
  }
}
