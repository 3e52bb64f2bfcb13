import { DigestFunctionSet, SHA256 } from '@gorego/core'
import type { Dialect } from '../src/wire/dialect.js'
import { checkInstanceName } from '../src/wire/instance-name.js'

/** Any instance, SHA-256, no compression; and what a test wants otherwise. */
export function dialectOf(different: Partial<Dialect> = {}): Dialect {
  return {
    checkInstance: checkInstanceName,
    functions: new DigestFunctionSet([SHA256]),
    compressors: [],
    ...different,
  }
}
