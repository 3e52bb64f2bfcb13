import { type ContentAddressableStorage, GoregoError, type OperationState, reapi, type Scheduler } from '@gorego/core'
import type { Access } from '../auth/access.js'
import type { Dialect } from '../wire/dialect.js'
import { unary } from '../wire/method.js'
import { type Subscribe, watch } from './execution.js'
import { NO_HINTS } from './inlining.js'
import { createOperationCheck } from './operation-check.js'
import { toOperation } from './operation-messages.js'
import type { Service } from './service.js'

const SERVICE = '/google.longrunning.Operations'

/** WaitOperation without a timeout waits as long as the client does; the longest that a timer can. */
const LONGEST_WAIT_MS = 2 ** 31 - 1

/** One more result may follow, of which the largest are a few hundred KiB: well below the 4 MiB of a message. */
const MAX_PAGE_RESULT_BYTES = 2 * 1024 * 1024

export interface OperationsOptions extends Dialect {
  readonly scheduler: Scheduler
  readonly cas: ContentAddressableStorage
  /** Who may see those of all instances; absent where everybody may. */
  readonly access?: Access | undefined
}

/**
 * google.longrunning.Operations over what the scheduler knows (OP-02). Names are random and say nothing about their
 * instance; in ListOperations, `name` is empty, an instance, or the collection `[instance/]operations`.
 */
export function operationsService(options: OperationsOptions): Service {
  const { checkInstance, scheduler, cas, access } = options
  const checkOperation = createOperationCheck(options)
  const write = (state: OperationState, signal: AbortSignal) =>
    toOperation(state, cas, NO_HINTS, signal, { withOrigin: true })
  const describe = async (state: OperationState, signal: AbortSignal) => (await write(state, signal)).finish()
  return [
    unary(`${SERVICE}/GetOperation`, reapi.GetOperationRequest.deserializeBinary, async (request, context) => {
      const state = await scheduler.get(request.getName())
      checkInstance(state.instance, context)
      return describe(state, context.signal)
    }),
    unary(`${SERVICE}/ListOperations`, reapi.ListOperationsRequest.deserializeBinary, async (request, context) => {
      const { signal } = context
      const done = parseFilter(request.getFilter())
      const parent = request.getName().replace(/(^|\/)operations$/, '')
      const instance = parent === '' ? undefined : checkInstance(parent, context)
      if (instance === undefined) access?.check(context, undefined)
      const page = await scheduler.list({
        pageSize: request.getPageSize(),
        pageToken: request.getPageToken(),
        maxResultBytes: MAX_PAGE_RESULT_BYTES,
        ...(done === undefined ? {} : { done }),
        ...(instance === undefined ? {} : { instance }),
      })
      const response = new reapi.MessageWriter()
      for (const state of page.operations) response.message(1, await write(state, signal))
      return response.text(2, page.nextPageToken ?? '').finish()
    }),
    unary(`${SERVICE}/CancelOperation`, reapi.CancelOperationRequest.deserializeBinary, async (request, context) => {
      await checkOperation(request.getName(), context)
      await scheduler.cancel(request.getName())
      return new reapi.Empty()
    }),
    unary(`${SERVICE}/DeleteOperation`, reapi.DeleteOperationRequest.deserializeBinary, async (request, context) => {
      await checkOperation(request.getName(), context)
      await scheduler.delete(request.getName())
      return new reapi.Empty()
    }),
    unary(`${SERVICE}/WaitOperation`, reapi.WaitOperationRequest.deserializeBinary, async (request, context) => {
      await checkOperation(request.getName(), context)
      const { signal } = context
      return await describe(await wait(scheduler, request.getName(), request.getTimeout(), signal), signal)
    }),
  ]
}

/** `done=true` and `done=false` are understood; a filter that is ignored would be worse than none. */
function parseFilter(filter: string): boolean | undefined {
  const match = /^\s*(?:done\s*=\s*(true|false))?\s*$/.exec(filter)
  if (match === null) {
    throw new GoregoError(
      'invalid-argument',
      `the filter ${JSON.stringify(filter.slice(0, 100))} is not understood; use done=true or done=false`,
    )
  }
  return match[1] === undefined ? undefined : match[1] === 'true'
}

async function wait(
  scheduler: Scheduler,
  name: string,
  timeout: reapi.Duration | undefined,
  signal: AbortSignal,
): Promise<OperationState> {
  const bound = new AbortController()
  const stop = () => bound.abort()
  const timer = setTimeout(stop, waitMillis(timeout))
  signal.addEventListener('abort', stop)
  try {
    let state = await scheduler.get(name)
    const subscribe: Subscribe = (listener) => scheduler.subscribe(name, listener)
    for await (const next of watch(subscribe, LONGEST_WAIT_MS, bound.signal)) state = next
    return state
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}

function waitMillis(timeout: reapi.Duration | undefined): number {
  if (timeout === undefined) return LONGEST_WAIT_MS
  try {
    return Math.min(Math.max(0, reapi.durationToMillis(timeout)), LONGEST_WAIT_MS)
  } catch (cause) {
    throw new GoregoError('invalid-argument', 'timeout is no valid duration', { cause })
  }
}
