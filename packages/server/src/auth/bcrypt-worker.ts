import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { GoregoError } from '@gorego/core'

/** Runs in the thread. One look takes a tenth of a second of nothing else, which is what bcrypt is for. */
const PROGRAM = `
  const { parentPort, workerData } = require('node:worker_threads')
  const bcrypt = require(workerData)
  parentPort.on('message', ({ id, password, hash }) => parentPort.postMessage({ id, fits: bcrypt.compareSync(password, hash) }))
`

/** Who guesses passwords is not to make others wait for minutes. */
const MAX_WAITING = 64

/** Compares passwords with bcrypt hashes, one after the other, beside the event loop. The thread is started by the first. */
export class BcryptWorker implements Disposable {
  readonly #waiting = new Map<number, { resolve(fits: boolean): void; reject(error: Error): void }>()
  #worker: Worker | undefined
  #asked = 0

  fits(password: string, hash: string): Promise<boolean> {
    if (this.#waiting.size >= MAX_WAITING)
      throw new GoregoError('resource-exhausted', 'too many passwords wait to be looked at; try again')
    this.#worker ??= this.#start()
    const id = this.#asked++
    const answer = new Promise<boolean>((resolve, reject) => this.#waiting.set(id, { resolve, reject }))
    this.#worker.postMessage({ id, password, hash })
    return answer
  }

  [Symbol.dispose](): void {
    void this.#worker?.terminate()
  }

  #start(): Worker {
    const workerData = createRequire(import.meta.url).resolve('bcryptjs')
    const worker = new Worker(PROGRAM, { eval: true, workerData, execArgv: [] })
    worker.on('message', ({ id, fits }: { id: number; fits: boolean }) => {
      this.#waiting.get(id)?.resolve(fits)
      this.#waiting.delete(id)
    })
    worker.on('error', () => {})
    worker.on('exit', () => {
      this.#worker = undefined
      for (const { reject } of this.#waiting.values())
        reject(new GoregoError('unavailable', 'passwords cannot be looked at just now; try again'))
      this.#waiting.clear()
    })
    worker.unref()
    return worker
  }
}
