import type { ActionCache, ActionKey } from './action-cache.js'

/** Results in memory, for tests and small tools. Without a bound. */
export class MemoryActionCache implements ActionCache {
  readonly #results = new Map<string, Uint8Array>()

  async get(key: ActionKey): Promise<Uint8Array | undefined> {
    const result = this.#results.get(keyOf(key))
    // AC-15
    return result?.length === 0 ? undefined : result
  }

  async put(key: ActionKey, result: Uint8Array): Promise<void> {
    this.#results.set(keyOf(key), Uint8Array.from(result))
  }
}

function keyOf({ instance, action }: ActionKey): string {
  return `${action.key}:${instance}`
}
