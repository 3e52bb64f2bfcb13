import { type DigestFunction, digestFunctions, GoregoError, type reapi } from '@gorego/core'

/** GEN-08: before anything is hashed for a server, it is asked whether it knows that function, for blobs and for execution. */
export function checkDigestFunction(answer: reapi.ServerCapabilities, fn: DigestFunction): void {
  const execution = answer.getExecutionCapabilities()
  // Servers of REAPI 2.0 to 2.2 name one function for execution, and no list.
  const executed = [...(execution?.getDigestFunctionsList() ?? []), execution?.getDigestFunction()]
  check('execute actions', fn, (value) => isStored(answer, value) && executed.some((each) => each === value))
}

/** The same for a server that stores, and need not execute. */
export function checkStoredDigestFunction(answer: reapi.ServerCapabilities, fn: DigestFunction): void {
  check('store blobs', fn, (value) => isStored(answer, value))
}

function isStored(answer: reapi.ServerCapabilities, value: number): boolean {
  const offered = answer.getCacheCapabilities()?.getDigestFunctionsList() ?? []
  return offered.some((each) => each === value)
}

function check(task: string, fn: DigestFunction, offers: (value: number) => boolean): void {
  const isUsable = (value: number) => value !== 0 && offers(value)
  if (isUsable(fn.value)) return
  const usable = digestFunctions.filter(({ value }) => isUsable(value)).map(({ name }) => name)
  const instead = usable.length === 0 ? 'none that gorego knows' : usable.join(', ')
  throw new GoregoError(
    'failed-precondition',
    `the server does not ${task} with the digest function ${fn.name}; it offers ${instead}`,
  )
}
