import type { StreamName } from './printed-files.js'
import type { PrintedStreams } from './printed-streams.js'
import type { Printed } from './protocol.js'

const OTHER = { stdout: 'stderr', stderr: 'stdout' } as const

const PIECE = 64 * 1024

/** The shortest and the longest time between two looks, in milliseconds: as long as a command is silent, they get rarer. */
const SHORTEST_MS = 5
const LONGEST_MS = 40

/**
 * Reads along what a command prints, for somebody who asked. It reads the files that the command prints to, so the command waits for
 * nobody; one piece is under way at a time, and what is not taken yet stays in the file. Whatever is left when the command has ended is
 * in the result.
 */
export class PrintedFollower implements Disposable {
  readonly #send: (piece: Printed) => void
  #streams: PrintedStreams | undefined
  #wanted = false
  #underWay = false
  #offsets: Record<StreamName, number> = { stdout: 0, stderr: 0 }
  #next: StreamName = 'stdout'
  #pauseMs = SHORTEST_MS
  #timer: NodeJS.Timeout | undefined

  constructor(send: (piece: Printed) => void) {
    this.#send = send
  }

  /** From the beginning, also for the second one who asks. */
  begin(): void {
    this.#wanted = true
    this.#offsets = { stdout: 0, stderr: 0 }
    this.#look()
  }

  /** The command is about to be started. */
  follow(streams: PrintedStreams): void {
    this.#streams = streams
    this.#look()
  }

  /** The piece before has been taken. */
  taken(): void {
    this.#underWay = false
    this.#look()
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    this.#streams = undefined
  }

  #look(): void {
    clearTimeout(this.#timer)
    if (this.#streams === undefined || !this.#wanted || this.#underWay) return
    // In turns, so that a flood of one does not hide the other.
    if (this.#sendFrom(this.#streams, this.#next) || this.#sendFrom(this.#streams, OTHER[this.#next])) {
      this.#pauseMs = SHORTEST_MS
      return
    }
    this.#timer = setTimeout(() => this.#look(), this.#pauseMs)
    this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_MS)
  }

  #sendFrom(streams: PrintedStreams, stream: StreamName): boolean {
    const offset = this.#offsets[stream]
    const bytes = streams.read(stream, offset, PIECE)
    if (bytes.length === 0) return false
    this.#offsets[stream] += bytes.length
    this.#next = OTHER[stream]
    this.#underWay = true
    this.#send({ stream, offset, bytes })
    return true
  }
}
