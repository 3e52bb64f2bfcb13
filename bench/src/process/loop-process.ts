import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoopResult } from '../load/closed-loop.js'
import { onExit } from './clean-up.js'
import { killTree } from './kill-tree.js'
import type { LoopOrder, LoopReport } from './loop-messages.js'

/** A process of its own that does operations when told to: one of programs/ that calls serveLoops. */
export class LoopProcess implements Disposable {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #forget: () => void

  constructor(program: string, args: readonly string[]) {
    const path = fileURLToPath(new URL(`../programs/${program}.ts`, import.meta.url))
    // detached: the terminal's Ctrl-C is ours to handle.
    const child = fork(path, [...args], { detached: true })
    if (child.pid === undefined) throw new Error(`${path} could not be started`)
    const { pid } = child
    this.pid = pid
    this.#child = child
    this.#forget = onExit(() => killTree(pid))
  }

  async run(seconds: number): Promise<LoopResult> {
    const order: LoopOrder = { seconds }
    this.#child.send(order)
    const report = await new Promise<LoopReport>((resolve, reject) => {
      this.#child.once('message', resolve as (message: unknown) => void)
      this.#child.once('close', () => reject(new Error('the process that was measured has died')))
    })
    if ('error' in report) throw new Error(report.error)
    return report.loop
  }

  [Symbol.dispose](): void {
    killTree(this.pid)
    this.#forget()
  }
}
