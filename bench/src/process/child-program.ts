import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { onExit } from './clean-up.js'
import { killTree } from './kill-tree.js'

/** One of programs/ in a process of its own: it answers each order with one message. */
export class ChildProgram implements Disposable {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #forget: () => void

  constructor(program: string, args: readonly string[] = []) {
    const path = fileURLToPath(new URL(`../programs/${program}.ts`, import.meta.url))
    // detached: the terminal's Ctrl-C is ours to handle.
    const child = fork(path, [...args], { detached: true })
    if (child.pid === undefined) throw new Error(`${path} could not be started`)
    const { pid } = child
    this.pid = pid
    this.#child = child
    this.#forget = onExit(() => killTree(pid))
  }

  /** The answer to an order; rejects with what the program says went wrong, when it dies, and after so many seconds. */
  ask<Answer>(order: unknown, limitSeconds: number): Promise<Answer> {
    this.#child.send(order as object)
    return this.next(limitSeconds)
  }

  next<Answer>(limitSeconds: number): Promise<Answer> {
    const child = this.#child
    return new Promise<Answer>((resolve, reject) => {
      const settle = (act: () => void) => () => {
        clearTimeout(timer)
        child.off('message', answered)
        child.off('close', died)
        act()
      }
      const answered = (message: unknown) =>
        settle(() => (isFailure(message) ? reject(new Error(message.error)) : resolve(message as Answer)))()
      const died = settle(() => reject(new Error('a process of the benchmark has died')))
      const late = settle(() => reject(new Error(`took longer than ${limitSeconds} s`)))
      const timer = setTimeout(late, limitSeconds * 1000)
      child.once('message', answered)
      child.once('close', died)
    })
  }

  [Symbol.dispose](): void {
    killTree(this.pid)
    this.#forget()
  }
}

interface Failure {
  readonly error: string
}

function isFailure(message: unknown): message is Failure {
  return typeof (message as Partial<Failure>).error === 'string'
}
