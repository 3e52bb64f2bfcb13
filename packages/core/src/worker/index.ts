export { type ActionPolicy, DEFAULT_POLICY, SUPPORTED_NODE_PROPERTIES } from '../runner/index.js'
export { type ActionLookupOptions, createActionLookup } from './action-lookup.js'
export { LocalWorker, type LocalWorkerOptions, type RunReport } from './local-worker.js'
export { type OpenSandboxOptions, openSandbox } from './open-sandbox.js'
