import type { Answer, ListOptions, OperationListener, OperationState, Scheduler } from '@gorego/core'
import type { Handler, IncomingCall } from './channel.js'
import type { Message } from './frames.js'
import { fromPlainRequest, packStates, stateMessage } from './plain-operation.js'
import type { PlainPage } from './remote-scheduler.js'

/** What a `RemoteScheduler` calls. Without a scheduler there is nothing to call, and nobody does. */
export function serveScheduler(scheduler: Scheduler | undefined): Record<string, Handler> {
  if (scheduler === undefined) return {}
  return {
    start: ({ head }, call) => follow((listener) => scheduler.start(fromPlainRequest(head), listener), call),
    subscribe: ({ head }, call) => follow((listener) => scheduler.subscribe(head as string, listener), call),
    get: async ({ head }) => stateMessage(await scheduler.get(head as string)),
    async list({ head }) {
      const { operations, ...rest } = await scheduler.list(head as ListOptions)
      const { states, bytes } = packStates(operations)
      const page: PlainPage = { ...rest, states }
      return { head: page, bytes }
    },
    async cancel({ head }) {
      const { name, reason } = head as { name: string; reason?: string }
      await scheduler.cancel(name, reason)
      return {}
    },
    async delete({ head }) {
      await scheduler.delete(head as string)
      return {}
    },
  }
}

/**
 * Answers with the states up to the completed one, until nobody wants to hear more or can (EX-19). Of those of one turn of the
 * event loop only the latest: what is cached takes one message.
 */
async function follow(
  subscribe: (listener: OperationListener) => Answer<Disposable>,
  call: IncomingCall,
): Promise<Message> {
  let complete = (_: Message) => {}
  const completed = new Promise<Message>((resolve) => {
    complete = resolve
  })
  let latest: OperationState | undefined
  const tell = () => {
    const state = latest
    latest = undefined
    if (state?.stage === 'completed') complete(stateMessage(state))
    else if (state !== undefined) call.next(stateMessage(state))
  }
  using _subscription = await subscribe((state) => {
    if (latest === undefined) setImmediate(tell)
    latest = state
  })
  return await Promise.race([completed, takenBack(call.signal)])
}

function takenBack(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason)
    else signal.addEventListener('abort', () => reject(signal.reason))
  })
}
