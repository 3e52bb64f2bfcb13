import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let gc: (() => void) | undefined

/**
 * Has V8 collect all the garbage there is, which takes some 10 to 20 ms. Where it has no way to ask for that, nothing happens. The way is looked for when it is
 * needed first, which is not while somebody waits for a process to start.
 */
export function collectHeap(): void {
  gc ??= found()
  gc()
}

function found(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('typeof gc === "function" ? gc : undefined')
  return typeof gc === 'function' ? () => void gc() : () => {}
}
