import { type ActionCache, type ContentAddressableStorage, GoregoError } from '@gorego/core'

export type CacheMethod = 'find_missing' | 'get' | 'read' | 'write' | 'get_result' | 'put_result'

/** One request to a cache that is over: how many blobs or results came to which end. */
export interface CacheRequest {
  readonly method: CacheMethod
  /** By `performance.now()`. */
  readonly startedAt: number
  /** Of the blob, where one was read or stored. */
  readonly bytes?: number
  readonly hit?: number
  readonly miss?: number
  readonly stored?: number
  readonly error?: number
}

export type NoteRequest = (request: CacheRequest) => void

/** Tells of every request to a store. */
export function countedStore(base: ContentAddressableStorage, note: NoteRequest): ContentAddressableStorage {
  return {
    async findMissing(digests, signal) {
      const startedAt = performance.now()
      const missing = await noting('find_missing', startedAt, note, base.findMissing(digests, signal))
      note({ method: 'find_missing', startedAt, hit: digests.length - missing.length, miss: missing.length })
      return missing
    },
    async get(digest, signal) {
      const startedAt = performance.now()
      const blob = await noting('get', startedAt, note, base.get(digest, signal))
      note({ method: 'get', startedAt, hit: 1, bytes: digest.sizeBytes })
      return blob
    },
    async *read(digest, range, signal, allocate) {
      const startedAt = performance.now()
      try {
        yield* base.read(digest, range, signal, allocate)
      } catch (error) {
        note({ method: 'read', startedAt, ...failed(error) })
        throw error
      }
      note({ method: 'read', startedAt, hit: 1, bytes: digest.sizeBytes })
    },
    async write(digest, content, signal) {
      const startedAt = performance.now()
      await noting('write', startedAt, note, base.write(digest, content, signal))
      note({ method: 'write', startedAt, stored: 1, bytes: digest.sizeBytes })
    },
  }
}

/** Tells of every request to an action cache. */
export function countedResults(base: ActionCache, note: NoteRequest): ActionCache {
  return {
    async get(key, signal) {
      const startedAt = performance.now()
      const result = await noting('get_result', startedAt, note, base.get(key, signal))
      note({ method: 'get_result', startedAt, ...(result === undefined ? { miss: 1 } : { hit: 1 }) })
      return result
    },
    async put(key, result, signal) {
      const startedAt = performance.now()
      await noting('put_result', startedAt, note, base.put(key, result, signal))
      note({ method: 'put_result', startedAt, stored: 1 })
    },
  }
}

async function noting<T>(method: CacheMethod, startedAt: number, note: NoteRequest, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    note({ method, startedAt, ...failed(error) })
    throw error
  }
}

function failed(error: unknown): Pick<CacheRequest, 'miss' | 'error'> {
  return GoregoError.from(error).code === 'not-found' ? { miss: 1 } : { error: 1 }
}
