import { GoregoError } from '@gorego/core'
import * as assert from 'uvu/assert'

/** What a promise is rejected with, which must be an error of gorego's. */
export async function errorOf(promise: Promise<unknown>): Promise<GoregoError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  )
  assert.instance(error, GoregoError, String(error))
  return error as GoregoError
}
