import { processTree } from './process-tree.js'

/** Ends a process and everything below it, at once. */
export function killTree(root: number): void {
  // Listed before the first is killed: the descendants of a dead process cannot be found any more.
  for (const pid of processTree(root)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended by itself.
    }
  }
}
