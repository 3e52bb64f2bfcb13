import type { DirectMethod } from '../wire/direct-method.js'
import type { Method } from '../wire/method.js'

/** The RPCs of one gRPC service, each knowing its path. */
export type Service = readonly (Method | DirectMethod)[]
