import type { History, HistoryQuery, RecentAction } from '../history/action-history.js'
import type { Channel } from './channel.js'
import { type DigestText, toDigest } from './plain-operation.js'

/** An action as it comes over the channel. */
export interface PlainAction extends Omit<RecentAction, 'digest'> {
  readonly digest: DigestText
}

/** What another process remembers. */
export class RemoteHistory implements History {
  readonly #channel: Channel

  constructor(channel: Channel) {
    this.#channel = channel
  }

  async recent(query: HistoryQuery): Promise<readonly RecentAction[]> {
    const { head } = await this.#channel.call('recent', { head: query })
    return (head as readonly PlainAction[]).map(({ digest, ...rest }) => ({ ...rest, digest: toDigest(digest) }))
  }
}
