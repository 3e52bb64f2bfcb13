import { type ActionKey, type Digest, type ErrorCode, GoregoError, reapi, SHA256 } from '@gorego/core'
import { bodyInTurn } from '../../clients/body-in-turn.js'
import { MAX_ACTION_RESULT_BYTES } from '../../services/limits.js'
import { type StoreResultOptions, storeResult, updatesAreOff } from '../../services/store-result.js'
import type { Dialect } from '../../wire/dialect.js'
import { type Answer, plain, type Route, type Visit } from '../route.js'
import { blobAnswer, bytesAnswer } from './blob-answer.js'
import type { BlobsByHash } from './blobs-by-hash.js'
import { type CachePath, instanceIn, RESULT_PATH, resultPath } from './cache-path.js'
import { OpaqueResults } from './opaque-results.js'
import { mostBytesOf } from './upload.js'

/** `actionCache` must only return complete results (AC-02). */
export interface ResultRouteOptions
  extends Pick<Dialect, 'checkInstance' | 'functions'>,
    Pick<StoreResultOptions, 'actionCache' | 'cas'> {
  readonly byHash: BlobsByHash
  readonly maxBlobBytes: number
  /** Whether clients may store results (AC-12). */
  readonly updates: boolean
}

/** What says that a value is no result of the Action that its key is: then it is a value like others. */
const NO_RESULT: ReadonlySet<ErrorCode> = new Set(['invalid-argument', 'failed-precondition'])

/**
 * `/ac/key`: results of actions, and whatever else clients keep under a key. A value is shared with gRPC clients, and checked
 * as theirs are, where its key is the hash of a stored Action whose Command is stored, too, and it is an ActionResult; Bazel
 * uploads all that first. Every other value stays opaque bytes, and no gRPC client ever gets it.
 */
export function resultRoute(options: ResultRouteOptions): Route {
  const results = new Results(options)
  return {
    path: RESULT_PATH,
    instanceOf: instanceIn,
    isUse: true,
    template: '/ac/{key}',
    GET: { needs: 'read', answer: (visit) => results.get(visit) },
    PUT: { needs: 'update_action_cache', answer: (visit) => results.put(visit) },
  }
}

class Results {
  readonly #options: ResultRouteOptions
  readonly #opaque: OpaqueResults

  constructor(options: ResultRouteOptions) {
    this.#options = options
    this.#opaque = new OpaqueResults(options.actionCache)
  }

  async get(visit: Visit): Promise<Answer> {
    const { parts, signal } = visit
    const { checkInstance, actionCache, cas } = this.#options
    const path = resultPath(parts, checkInstance)
    const key = await this.#actionOf(path)
    const result = key && (await actionCache.get(key, signal))
    if (result !== undefined) return bytesAnswer(result)
    const value = await this.#opaque.get(path, signal)
    if (value === undefined) throw new GoregoError('not-found', `nothing is stored under ${path.hash}`)
    return blobAnswer(cas, value, visit)
  }

  async put({ parts, request, signal, bytes }: Visit): Promise<Answer> {
    const { checkInstance, byHash, cas, maxBlobBytes, updates } = this.#options
    const path = resultPath(parts, checkInstance)
    if (!updates) throw updatesAreOff()
    const mostBytes = mostBytesOf(request, maxBlobBytes)
    using received = await byHash.receive(SHA256, bodyInTurn(request, bytes.up), mostBytes, signal)
    await cas.write(received.digest, received.content, signal)
    if (!(await this.#storeChecked(path, received.digest, signal)))
      await this.#opaque.put(path, received.digest, signal)
    return plain(200, 'stored')
  }

  /** False where it is no result of a stored Action. */
  async #storeChecked(path: CachePath, value: Digest, signal: AbortSignal): Promise<boolean> {
    const key = value.sizeBytes > MAX_ACTION_RESULT_BYTES ? undefined : await this.#actionOf(path)
    if (key === undefined) return false
    const bytes = await this.#options.cas.get(value, signal)
    try {
      const message = reapi.decode(reapi.ActionResult, bytes, 'the value')
      await storeResult({ ...this.#options, requireAction: true }, key, { message, bytes }, signal)
      return true
    } catch (error) {
      if (error instanceof GoregoError && NO_RESULT.has(error.code)) return false
      throw error
    }
  }

  /** The Action whose hash the key is, if there is one. */
  async #actionOf({ instance, fn, hash }: CachePath): Promise<ActionKey | undefined> {
    const { byHash, functions } = this.#options
    if (functions.ofLength(hash.length) !== fn) return undefined
    const action = await byHash.find(fn, hash)
    return action && { instance, action }
  }
}
