import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { GoregoError, type OpenedRemoteCache, type RemoteCache, type RemoteCacheParts, readOnly } from '@gorego/core'
import { Channel } from './channel.js'
import { firstContact } from './first-contact.js'
import { openUpstream } from './open-upstream.js'
import { identityOf, type RemoteServerOptions } from './remote-server-options.js'

/** How a cache is reached, and used. */
export interface RemoteCacheOptions extends RemoteServerOptions {
  /**
   * `false` (the default): while it does not answer it counts as empty, actions run, and what they make goes there later. `true`: no executor opens
   * without it, and what needs it fails with `unavailable` while it does not answer.
   */
  readonly required?: boolean
  /** Only look there, and store nothing. So it is in any case where the server says that clients cannot store results. Default: false. */
  readonly readOnly?: boolean
  /** How often a call is made again after `unavailable`, `resource-exhausted` or `aborted`, after growing pauses. Default 3. */
  readonly retries?: number
  /** For so long a call may show no sign of life, in milliseconds. Default 30 s. */
  readonly timeoutMs?: number
  /** How long an executor that is opened waits for the first answer, in milliseconds. Default 5 s. */
  readonly connectTimeoutMs?: number
  /** How long `close()` of an executor may take to store what is still to be stored there; the rest is left for the next one. Default 30 s. */
  readonly drainMs?: number
  /** Is told when it is no longer used, and why, and when it is used again. The executor's logger is told as well. */
  readonly onChange?: (used: boolean, why?: GoregoError) => void
}

/**
 * Any REAPI cache as the one that executors share: what one has run the others need not. `grpc://host:port`, `grpcs://host:port` or
 * `unix:/path`.
 *
 *     const executor = await LocalExecutor.open({ root: '.cache/gorego', remote: remoteCache('grpc://cache:50051') })
 *
 * Opening the executor throws `invalid-argument` for an address that is none, for certificates that cannot be used, and for a token that others could
 * read. With `required` it throws as well where the server does not answer (ConnectError), does not let us in, or does not know
 * the digest function; otherwise the logger and `onChange` are told so once, and actions run without it.
 */
export function remoteCache(target: string, options: RemoteCacheOptions = {}): RemoteCache {
  return { open: (parts) => open(target, options, parts) }
}

async function open(
  target: string,
  options: RemoteCacheOptions,
  { store, results, directory, fn, logger }: RemoteCacheParts,
): Promise<OpenedRemoteCache | undefined> {
  const { instance = '', required = false, compression, retries = 3, timeoutMs = 30_000, onChange } = options
  const channel = Channel.open(target, identityOf(options))
  try {
    const contact = await firstContact(channel, { instance, fn, boundMs: options.connectTimeoutMs ?? 5_000 })
    if (contact.kind !== 'answered' && required) throw contact.why
    if (contact.kind === 'refused') {
      logger.warn('the remote cache cannot be used', { target, why: contact.why.message })
      onChange?.(false, contact.why)
      channel[Symbol.dispose]()
      return undefined
    }
    const away = contact.kind === 'away' ? contact.why : undefined
    const said = contact.kind === 'answered' ? contact.said : undefined
    const { cache, close } = await openUpstream(
      channel,
      { target, instance, required, compression, retries, silenceMs: timeoutMs, away, said, onChange },
      { store, results, journals: join(directory, nameOf(target, instance)), logger },
    )
    const takesResults = contact.kind !== 'answered' || contact.takesResults
    if (!takesResults) logger.info('the remote cache takes no results: it is only read', { target })
    return {
      cache: options.readOnly || !takesResults ? readOnly(cache) : cache,
      required,
      async close() {
        try {
          await close(options.drainMs ?? 30_000)
        } finally {
          channel[Symbol.dispose]()
        }
      },
    }
  } catch (error) {
    channel[Symbol.dispose]()
    throw GoregoError.from(error)
  }
}

/** What is still to be stored in one cache is nothing to another. */
function nameOf(target: string, instance: string): string {
  return createHash('sha256')
    .update(JSON.stringify([target, instance]))
    .digest('hex')
    .slice(0, 16)
}
