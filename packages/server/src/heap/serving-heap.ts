import { performance } from 'node:perf_hooks'
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { collectHeap } from '@gorego/core'
import { RestCollector } from './rest-collector.js'

/**
 * How much a heap may grow between two collections of all of it, in per cent of what it holds. V8 chooses that by the speed of
 * both, and counts what comes in uploads as grown heap: with some 13 MB in use it goes through all of them after every
 * 10 MB that come, with 200 here after 26 and with 400 after 52. Young buffers that nobody uses are collected by themselves at some 32 MB, so only what is
 * above that saves whole collections, of 6 to 11 ms of the main thread each (decisions 17 and 47). Its price is memory: what is no longer used may come to
 * four times what is, until the server is at rest.
 */
const HEAP_GROWING_PERCENT = 400

/**
 * Collects less often while there is much to do, and once when there is nothing (decision 47). For a process that does nothing but serve: it
 * changes V8 for everything in the process.
 */
export function tuneHeapForServing(): void {
  setFlagsFromString(`--heap-growing-percent=${HEAP_GROWING_PERCENT}`)
  new RestCollector({ collect: collectHeap, heldBytes, utilization: utilizations() })
}

/** What V8 has taken from the system for objects, and for the bytes of buffers. */
function heldBytes(): number {
  const { total_heap_size, external_memory } = getHeapStatistics()
  return total_heap_size + external_memory
}

/** The part of the time since the last call in which this process's event loop did something. */
function utilizations(): () => number {
  let last = performance.eventLoopUtilization()
  return () => {
    const { utilization } = performance.eventLoopUtilization(last)
    last = performance.eventLoopUtilization()
    return utilization
  }
}
