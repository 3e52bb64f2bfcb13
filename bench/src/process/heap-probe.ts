import { readFileSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_EVERY_MS = 20
const LIMIT_MS = 60_000

/** Asks a Node process that was started with `flags` (or has them in NODE_OPTIONS) how much memory it uses; the answer comes by way of a file. */
export class HeapProbe {
  constructor(private readonly path: string) {}

  get flags(): readonly string[] {
    const program = new URL('../programs/heap-probe.mjs', import.meta.url)
    program.searchParams.set('to', this.path)
    return ['--import', program.href]
  }

  /** Bytes of JavaScript's heap and of buffers outside of it, after a full collection. */
  async read(pid: number): Promise<number> {
    process.kill(pid, 'SIGUSR2')
    for (let waited = 0; waited < LIMIT_MS; waited += LOOK_EVERY_MS) {
      await sleep(LOOK_EVERY_MS)
      const text = this.#readIfThere()
      if (text === undefined) continue
      rmSync(this.path)
      const { heapUsed, external } = JSON.parse(text)
      return heapUsed + external
    }
    throw new Error('the server did not say how large its heap is')
  }

  #readIfThere(): string | undefined {
    try {
      return readFileSync(this.path, 'utf8')
    } catch {
      return undefined
    }
  }
}
