import { closeSync, fchmodSync, openSync, rmSync, write as writeCallback, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { moveInto, sealDescriptor } from '../disk/index.js'

const write = promisify(writeCallback)

/**
 * One upload on its way to disk: a temporary file that is renamed into place once everything is there. A process that
 * is killed half-way leaves a file that nobody ever looks at. `discard` after `commit` does nothing.
 */
export class BlobFileWriter {
  readonly path: string
  #fd: number | undefined
  #end = 0
  #committed = false

  constructor(temporaryPath: string) {
    this.path = temporaryPath
    this.#fd = openSync(temporaryPath, 'wx', 0o444)
  }

  /** Bytes that were appended. */
  get size(): number {
    return this.#end
  }

  /** For large chunks: the disk works while the caller hashes. One that failed may be appended again. */
  async append(chunk: Uint8Array): Promise<void> {
    const fd = this.#descriptor()
    for (let at = 0; at < chunk.length; ) {
      at += (await write(fd, chunk, at, chunk.length - at, this.#end + at)).bytesWritten
    }
    this.#end += chunk.length
  }

  /** For small chunks, where handing over to a thread costs more than the write. */
  appendSync(chunk: Uint8Array): void {
    const fd = this.#descriptor()
    for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at, chunk.length - at, this.#end + at)
    this.#end += chunk.length
  }

  /** Gives the descriptor back while nothing comes; the next append opens the file again. */
  suspend(): void {
    if (this.#fd === undefined) return
    // It was made read-only, as it will be stored, which only its first descriptor may ignore.
    fchmodSync(this.#fd, 0o600)
    this.#close(this.#fd)
  }

  commit(finalPath: string): void {
    const fd = this.#descriptor()
    sealDescriptor(fd, 'plain')
    this.#close(fd)
    moveInto(this.path, finalPath)
    this.#committed = true
  }

  discard(): void {
    if (this.#committed) return
    if (this.#fd !== undefined) this.#close(this.#fd)
    rmSync(this.path, { force: true })
  }

  #descriptor(): number {
    this.#fd ??= openSync(this.path, 'r+')
    return this.#fd
  }

  #close(fd: number): void {
    this.#fd = undefined
    closeSync(fd)
  }
}
