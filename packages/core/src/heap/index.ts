export { garbageCollector } from './garbage-collector.js'
export { IdleCollector, type IdleCollectorOptions } from './idle-collector.js'
