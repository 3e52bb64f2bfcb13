import { closeSync, openSync, renameSync, rmSync, write as writeCallback, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { sealDescriptor } from '../disk/index.js'

const write = promisify(writeCallback)

/**
 * One upload on its way to disk: a temporary file that is renamed into place once everything is there. A process that
 * is killed half-way leaves a file that nobody ever looks at. `discard` after `commit` does nothing.
 */
export class BlobFileWriter {
  readonly #path: string
  readonly #fd: number
  #open = true
  #committed = false

  constructor(temporaryPath: string) {
    this.#path = temporaryPath
    this.#fd = openSync(temporaryPath, 'wx', 0o444)
  }

  /** For large chunks: the disk works while the caller hashes. */
  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; ) {
      at += (await write(this.#fd, chunk, at, chunk.length - at)).bytesWritten
    }
  }

  /** For small chunks, where handing over to a thread costs more than the write. */
  appendSync(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) at += writeSync(this.#fd, chunk, at)
  }

  commit(finalPath: string): void {
    sealDescriptor(this.#fd, 'plain')
    this.#close()
    renameSync(this.#path, finalPath)
    this.#committed = true
  }

  discard(): void {
    if (this.#committed) return
    if (this.#open) this.#close()
    rmSync(this.#path, { force: true })
  }

  #close(): void {
    this.#open = false
    closeSync(this.#fd)
  }
}
