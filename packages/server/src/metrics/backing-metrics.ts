import type { UpstreamCache } from '@gorego/core'
import { Counter, type Registry } from 'prom-client'
import type { CallWatch } from '../upstream/watched-calls.js'
import type { CacheRequest } from './counted.js'
import { counterOf, gaugeOf } from './read-when-asked.js'

/** The line to another cache behind this server's, and what still has to go there. Only one process of a server has it. */
export class BackingMetrics implements CallWatch {
  readonly #registry: Registry
  readonly #calls: Counter<'method' | 'code'>
  readonly #wire: Counter<'direction'>
  readonly #blobs: Counter<'direction'>
  readonly #retries: Counter<'code'>
  readonly #opened: Counter

  constructor(registry: Registry) {
    const registers = [registry]
    this.#registry = registry
    this.#calls = new Counter({
      name: 'gorego_backing_calls_total',
      help: 'gRPC calls of the backing cache that have ended, by method and code',
      labelNames: ['method', 'code'] as const,
      registers,
    })
    this.#wire = new Counter({
      name: 'gorego_backing_wire_bytes_total',
      help: 'Bytes of gRPC messages to and from the backing cache, compressed where blobs go compressed',
      labelNames: ['direction'] as const,
      registers,
    })
    this.#blobs = new Counter({
      name: 'gorego_backing_blob_bytes_total',
      help: 'Bytes of the blobs that went to and came from the backing cache as a whole, uncompressed',
      labelNames: ['direction'] as const,
      registers,
    })
    this.#retries = new Counter({
      name: 'gorego_backing_retries_total',
      help: 'Calls of the backing cache that were made again, by what had gone wrong',
      labelNames: ['code'] as const,
      registers,
    })
    this.#opened = new Counter({
      name: 'gorego_backing_breaker_opened_total',
      help: 'How often the backing cache stopped answering and was left alone',
      registers,
    })
    // What has not happened yet is 0, and a rate of it can be told.
    for (const counter of [this.#wire, this.#blobs])
      for (const direction of ['sent', 'received'] as const) counter.inc({ direction }, 0)
  }

  sent(bytes: number): void {
    this.#wire.inc({ direction: 'sent' }, bytes)
  }

  received(bytes: number): void {
    this.#wire.inc({ direction: 'received' }, bytes)
  }

  ended(method: string, code: string): void {
    this.#calls.inc({ method, code })
  }

  retried({ code }: { readonly code: string }): void {
    this.#retries.inc({ code })
  }

  breakerChanged(open: boolean): void {
    if (open) this.#opened.inc()
  }

  /** A request to its store is over. */
  requested({ method, bytes = 0 }: CacheRequest): void {
    if (bytes > 0) this.#blobs.inc({ direction: method === 'write' ? 'sent' : 'received' }, bytes)
  }

  /** Tells from now on, when asked, how it stands with this. */
  follow(cache: Pick<UpstreamCache, 'reachable' | 'backlog' | 'counts'>): void {
    const registry = this.#registry
    const gauge = (name: string, help: string, read: () => number) => gaugeOf({ registry, name, help }, read)
    gauge('gorego_backing_breaker_open', '1 while the backing cache does not answer and is left alone, else 0', () =>
      cache.reachable ? 0 : 1,
    )
    gauge(
      'gorego_backing_pending',
      'Blobs and action results that are still to be stored in the backing cache',
      () => cache.backlog.jobs,
    )
    gauge('gorego_backing_pending_bytes', 'Bytes of the blobs among them', () => cache.backlog.bytes)
    gauge(
      'gorego_backing_pending_oldest_seconds',
      'For how long the oldest of them has waited since this process began; 0 where there is none',
      () => {
        const now = Date.now()
        return Math.max(0, now - (cache.backlog.since ?? now)) / 1000
      },
    )
    counterOf(
      {
        registry,
        name: 'gorego_backing_jobs_total',
        help: 'Blobs and action results that were to be stored in the backing cache: done, found there included, or dropped for good',
        label: 'outcome',
      },
      () => ({ done: cache.counts.done, dropped: cache.counts.dropped }),
    )
  }
}
