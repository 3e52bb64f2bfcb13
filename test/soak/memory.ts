import type { HeapProbe } from '@gorego/bench/heap-probe'
import { readTreeMemory } from '@gorego/bench/tree-memory'
import { type Course, courseOf } from './flat.js'

/** The memory of a server at one moment, in bytes. */
interface Reading {
  /** What the main process has in use: JavaScript's heap and buffers, after a full collection. */
  readonly heap: number
  /** What all its processes have of the machine's memory; pages that they share are counted once. */
  readonly tree: number
}

/** Takes readings of a server that works. */
export class MemoryLog {
  readonly #readings: Reading[] = []

  constructor(
    private readonly pid: number,
    private readonly probe: HeapProbe,
  ) {}

  get last(): Reading | undefined {
    return this.#readings.at(-1)
  }

  async read(): Promise<void> {
    const heap = await this.probe.read(this.pid)
    const { pssBytes, rssBytes } = readTreeMemory(this.pid) ?? { rssBytes: 0 }
    this.#readings.push({ heap, tree: pssBytes ?? rssBytes })
  }

  /** By what it is the course of. */
  courses(): Readonly<Record<string, Course>> {
    const of = (what: keyof Reading) => courseOf(this.#readings.map((reading) => ({ bytes: reading[what] })))
    return { 'heap of the main process': of('heap'), 'memory of all processes': of('tree') }
  }
}
