import { CheckedFiles, type StoreLayout } from '../disk/index.js'
import type { ActionCache, ActionKey } from './action-cache.js'

/**
 * Results as files beside the blobs, one a result: `CheckedFiles` of serialized ActionResults, so that one that is cut short or garbled is a miss
 * (AC-14, AC-15). `ResultJanitor` goes by the time of their last use.
 */
export class LocalActionCache implements ActionCache {
  readonly #layout: StoreLayout
  readonly #files: CheckedFiles

  /** `temporary`: a directory of this process's own on the same file system. */
  constructor(layout: StoreLayout, temporary: string) {
    this.#layout = layout
    this.#files = new CheckedFiles({ temporary, what: `the action cache, ${layout.root}` })
  }

  async get(key: ActionKey): Promise<Uint8Array | undefined> {
    return this.#files.read(this.#layout.actionResult(key.instance, key.action))
  }

  async put(key: ActionKey, result: Uint8Array): Promise<void> {
    this.#files.write(this.#layout.actionResult(key.instance, key.action), result)
  }
}
