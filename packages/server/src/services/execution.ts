import { setImmediate as nextTurn } from 'node:timers/promises'
import {
  type Answer,
  type ContentAddressableStorage,
  GoregoError,
  type OperationListener,
  type OperationState,
  reapi,
  type Scheduler,
} from '@gorego/core'
import type { CallContext } from '../wire/call-context.js'
import type { Dialect } from '../wire/dialect.js'
import { requestDigest } from '../wire/digests.js'
import { serverStream } from '../wire/method.js'
import { NO_HINTS } from './inlining.js'
import { PRIORITIES } from './limits.js'
import { createOperationCheck } from './operation-check.js'
import { toOperation } from './operation-messages.js'
import type { Service } from './service.js'

const SERVICE = '/build.bazel.remote.execution.v2.Execution'

export interface ExecutionOptions extends Dialect {
  readonly scheduler: Scheduler
  readonly cas: ContentAddressableStorage
  /** Begins the span of a call, and says what the spans of its execution are below; absent where nothing is traced. */
  readonly beginSpan?: ((context: CallContext) => string) | undefined
  /** How often a stream says that it is alive, in milliseconds. Default 30 s (EX-20). */
  readonly keepAliveMs?: number
}

export function executionService({
  checkInstance,
  scheduler,
  cas,
  functions,
  beginSpan,
  keepAliveMs = 30_000,
}: ExecutionOptions): Service {
  const checkOperation = createOperationCheck({ checkInstance, scheduler })
  return [
    serverStream(`${SERVICE}/Execute`, reapi.ExecuteRequest.deserializeBinary, async function* (request, context) {
      const { signal, labels } = context
      const execution = {
        instance: checkInstance(request.getInstanceName(), context),
        action: requestDigest(functions, request.getDigestFunction(), request.getActionDigest(), 'action_digest'),
        skipCacheLookup: request.getSkipCacheLookup(),
        priority: clamp(request.getExecutionPolicy()?.getPriority() ?? 0),
        // RM-01: one build. Who sends no metadata is in line with all others who don't.
        client: labels.invocation ?? '',
        caller: context.client,
        labels: beginSpan === undefined ? labels : { ...labels, traceparent: beginSpan(context) },
      }
      const hints = {
        stdout: request.getInlineStdout(),
        stderr: request.getInlineStderr(),
        files: request.getInlineOutputFilesList(),
      }
      // What is cached here is found within a turn of the event loop: then one message says all of it (EX-01).
      const start: Subscribe = async (listener) => {
        const subscription = await scheduler.start(execution, listener)
        await nextTurn()
        return subscription
      }
      for await (const state of watch(start, keepAliveMs, signal)) {
        yield (await toOperation(state, cas, hints, signal)).finish()
      }
    }),
    serverStream(
      `${SERVICE}/WaitExecution`,
      reapi.WaitExecutionRequest.deserializeBinary,
      async function* (request, context) {
        await checkOperation(request.getName(), context)
        const subscribe: Subscribe = (listener) => scheduler.subscribe(request.getName(), listener)
        for await (const state of watch(subscribe, keepAliveMs, context.signal)) {
          yield (await toOperation(state, cas, NO_HINTS, context.signal)).finish()
        }
      },
    ),
  ]
}

/** EX-23 */
function clamp(priority: number): number {
  return Math.min(Math.max(priority, PRIORITIES.min), PRIORITIES.max)
}

/** Begins to tell a listener the states of an operation, the one now first. */
export type Subscribe = (listener: OperationListener) => Answer<Disposable>

/**
 * The state of an operation now, and again whenever it changes or nothing was said for a while, up to the completed one
 * (EX-02, EX-03, EX-20). States that came and went while the client was slow are left out.
 */
export async function* watch(
  subscribe: Subscribe,
  keepAliveMs: number,
  signal: AbortSignal,
): AsyncGenerator<OperationState> {
  let latest: OperationState | undefined
  let wake = () => {}
  // It may be refused: that must be known before anything is set up.
  const subscription = await subscribe((state) => {
    latest = state
    wake()
  })
  const interrupt = () => wake()
  signal.addEventListener('abort', interrupt)
  try {
    let said: OperationState | undefined
    while (!signal.aborted) {
      if (latest === undefined) throw new GoregoError('internal', 'an operation without a state')
      if (said === latest) await quiet(keepAliveMs)
      if (signal.aborted) return
      said = latest
      yield said
      if (said.stage === 'completed') return
    }
  } finally {
    signal.removeEventListener('abort', interrupt)
    subscription[Symbol.dispose]()
  }

  function quiet(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms)
      wake = done
      function done() {
        clearTimeout(timer)
        wake = () => {}
        resolve()
      }
    })
  }
}
