import type { History, HistoryQuery } from '../history/action-history.js'
import type { Handler } from './channel.js'
import type { PlainAction } from './remote-history.js'

/** What a `RemoteHistory` calls. */
export function serveHistory(history: History | undefined): Record<string, Handler> {
  if (history === undefined) return {}
  return {
    async recent({ head }) {
      const actions = await history.recent(head as HistoryQuery)
      const plain: PlainAction[] = actions.map(({ digest, ...rest }) => ({ ...rest, digest: digest.key }))
      return { head: plain }
    },
  }
}
