import { readdirSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import { readProc } from './read-proc.js'

/** From the command's start to the first look, in milliseconds; then the pauses double. */
const FIRST_PAUSE_MS = 10
const LONGEST_PAUSE_MS = 1_000

/** A look takes no more than this part of the time. */
const DUTY = 1 / 200

/** Of a command that starts very many processes, so many are looked at each time. */
const MOST_PROCESSES = 200

/** "VmHWM:      1234 kB": the largest resident set that a process has had. */
const PEAK = /^VmHWM:\s+(\d+) kB$/m

/**
 * The most memory that one process of a command had at a time. The kernel keeps the peak of each process while it lives, so
 * a few looks with growing pauses do; what a process takes just before its end, and one that comes and goes in a pause, may
 * be missed. Nothing is known of a command that is over before the first look. Nothing is known where there is no /proc.
 */
export class PeakMemory implements Disposable {
  readonly #pid: number
  #bytes: number | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(pid: number) {
    this.#pid = pid
    this.#wait(FIRST_PAUSE_MS)
  }

  get bytes(): number | undefined {
    return this.#bytes
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #wait(pause: number): void {
    this.#timer = setTimeout(() => {
      const started = performance.now()
      this.#lookAtAll()
      const took = performance.now() - started
      this.#wait(Math.max(Math.min(pause * 2, LONGEST_PAUSE_MS), took / DUTY))
    }, pause)
  }

  #lookAtAll(): void {
    const waiting = [this.#pid]
    let seen = 0
    for (let pid = waiting.pop(); pid !== undefined && seen < MOST_PROCESSES; pid = waiting.pop()) {
      seen++
      this.#look(pid)
      waiting.push(...childrenOf(pid))
    }
  }

  #look(pid: number): void {
    const peak = PEAK.exec(readProc(`/proc/${pid}/status`) ?? '')?.[1]
    if (peak !== undefined) this.#bytes = Math.max(this.#bytes ?? 0, Number(peak) * 1024)
  }
}

/** Each thread has the list of the processes that it started. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) => {
    const children = readProc(`/proc/${pid}/task/${thread}/children`)?.trim() ?? ''
    return children === '' ? [] : children.split(' ').map(Number)
  })
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}
