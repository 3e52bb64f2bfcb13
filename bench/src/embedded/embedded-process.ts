import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoopResult } from '../load/closed-loop.js'
import { onExit } from '../process/clean-up.js'
import { killTree } from '../process/kill-tree.js'
import type { RunOrder, RunReport } from './messages.js'

/** A process that embeds the engine as a build tool would, see program.ts. */
export class EmbeddedProcess implements Disposable {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #forget: () => void

  constructor(directory: string, clients: number) {
    const program = fileURLToPath(new URL('./program.ts', import.meta.url))
    // detached: the terminal's Ctrl-C is ours to handle.
    const child = fork(program, [directory, String(clients)], { detached: true })
    if (child.pid === undefined) throw new Error(`${program} could not be started`)
    const { pid } = child
    this.pid = pid
    this.#child = child
    this.#forget = onExit(() => killTree(pid))
  }

  /** Has it run actions for so long. */
  async run(seconds: number): Promise<LoopResult> {
    const order: RunOrder = { seconds }
    this.#child.send(order)
    const report = await new Promise<RunReport>((resolve, reject) => {
      this.#child.once('message', resolve as (message: unknown) => void)
      this.#child.once('close', () => reject(new Error('the process that embeds the engine has died')))
    })
    if ('error' in report) throw new Error(report.error)
    return report.loop
  }

  [Symbol.dispose](): void {
    killTree(this.pid)
    this.#forget()
  }
}
