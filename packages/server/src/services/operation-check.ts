import type { Scheduler } from '@gorego/core'
import type { Caller } from '../auth/access.js'
import type { Dialect } from '../wire/dialect.js'

/** Throws where there is no operation of that name, or the caller must have nothing to do with its instance. */
export type OperationCheck = (name: string, caller: Caller) => Promise<void>

export function createOperationCheck({
  checkInstance,
  scheduler,
}: Pick<Dialect, 'checkInstance'> & { readonly scheduler: Scheduler }): OperationCheck {
  return async (name, caller) => {
    const { instance } = await scheduler.get(name)
    checkInstance(instance, caller)
  }
}
