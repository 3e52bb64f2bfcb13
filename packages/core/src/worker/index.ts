export { type ActionLookupOptions, createActionLookup } from './action-lookup.js'
export { LocalWorker, type LocalWorkerOptions } from './local-worker.js'
