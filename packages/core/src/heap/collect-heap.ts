import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { giveBack } from './give-back.js'

let gc: (() => void) | undefined

/**
 * Has V8 collect all the garbage there is, and malloc give back what is free then; some 10 to 20 ms altogether. Buffers are freed by another thread, after V8's part, so that
 * most of theirs is given back by the next collection. Where V8 has no way to be asked, it does not collect. The way is looked for when it is
 * needed first, which is not while somebody waits for a process to start.
 */
export function collectHeap(): void {
  gc ??= found()
  gc()
  giveBack()
}

function found(): () => void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('typeof gc === "function" ? gc : undefined')
  return typeof gc === 'function' ? () => void gc() : () => {}
}
