export { collectHeap } from './collect-heap.js'
export { IdleCollector, type IdleCollectorOptions } from './idle-collector.js'
