import { GoregoError, reapi } from '@gorego/core'
import { serverStream, unary } from '../wire/method.js'
import type { Service } from './service.js'

const SERVICE = '/grpc.health.v1.Health'

const { SERVING, NOT_SERVING, SERVICE_UNKNOWN } = reapi.HealthCheckResponse.ServingStatus

/** `draining`: what has begun is finished, and nothing else taken. `over`: whoever still watches is to let go. */
export type Phase = 'serving' | 'draining' | 'over'

/** How far a server is in its life, for those who want to know before they send work. */
export class Health {
  #phase: Phase = 'serving'
  readonly #watchers = new Set<() => void>()

  get phase(): Phase {
    return this.#phase
  }

  /** What is over stays so. */
  advance(phase: Phase): void {
    if (this.#phase === 'over') return
    this.#phase = phase
    for (const wake of this.#watchers) wake()
  }

  /** The phase now, and each that it comes to, until it is `over` or the signal is aborted. */
  async *watch(signal: AbortSignal): AsyncGenerator<Phase> {
    let told: Phase | undefined
    while (!signal.aborted) {
      if (told === this.#phase) {
        await this.#change(signal)
      } else {
        told = this.#phase
        yield told
      }
      if (told === 'over') return
    }
  }

  #change(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#watchers.delete(wake)
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#watchers.add(wake)
      signal.addEventListener('abort', wake)
    })
  }
}

/** grpc.health.v1 for the server as a whole, whose name is empty, and for each service, which share its fate. */
export function healthService(health: Health, services: readonly string[]): Service {
  const known = new Set(['', ...services])
  const answer = (phase: Phase) =>
    new reapi.HealthCheckResponse().setStatus(phase === 'serving' ? SERVING : NOT_SERVING)
  return [
    unary(`${SERVICE}/Check`, reapi.HealthCheckRequest.deserializeBinary, async (request) => {
      if (known.has(request.getService())) return answer(health.phase)
      throw new GoregoError(
        'not-found',
        `there is no service ${JSON.stringify(request.getService().slice(0, 100))} here`,
      )
    }),
    unary(`${SERVICE}/List`, reapi.HealthListRequest.deserializeBinary, async () => {
      const response = new reapi.HealthListResponse()
      for (const name of known) response.getStatusesMap().set(name, answer(health.phase))
      return response
    }),
    serverStream(`${SERVICE}/Watch`, reapi.HealthCheckRequest.deserializeBinary, async function* (request, { signal }) {
      // Services do not come later, but whoever watches one that is not there is to be left waiting, not told off.
      const isKnown = known.has(request.getService())
      let last: reapi.ServingStatusValue | undefined
      for await (const phase of health.watch(signal)) {
        const response = isKnown ? answer(phase) : new reapi.HealthCheckResponse().setStatus(SERVICE_UNKNOWN)
        if (response.getStatus() !== last) yield response
        last = response.getStatus()
      }
      if (!signal.aborted) throw new GoregoError('unavailable', 'the server is shutting down')
    }),
  ]
}
