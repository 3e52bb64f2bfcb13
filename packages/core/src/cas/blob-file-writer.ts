import { closeSync, fchmodSync, openSync, rmSync, writev as writevCallback, writevSync } from 'node:fs'
import { promisify } from 'node:util'
import { moveInto, sealDescriptor } from '../disk/index.js'

const writev = promisify(writevCallback)

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

  /**
   * Appends pieces with as few writes as there can be. For many bytes: the disk works while the caller hashes. What failed
   * may be appended again.
   */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const fd = this.#descriptor()
    const size = totalLength(pieces)
    for (let at = 0; at < size; ) at += (await writev(fd, from(pieces, at), this.#end + at)).bytesWritten
    this.#end += size
  }

  /** For few bytes, where handing over to a thread costs more than the write. */
  appendSync(pieces: readonly Uint8Array[]): void {
    const fd = this.#descriptor()
    const size = totalLength(pieces)
    for (let at = 0; at < size; ) at += writevSync(fd, from(pieces, at), this.#end + at)
    this.#end += size
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

export function totalLength(pieces: readonly Uint8Array[]): number {
  let length = 0
  for (const piece of pieces) length += piece.length
  return length
}

/** What is left of the pieces behind their first `skip` bytes. */
function from(pieces: readonly Uint8Array[], skip: number): readonly Uint8Array[] {
  if (skip === 0) return pieces
  let first = 0
  let rest = skip
  for (const piece of pieces) {
    if (rest < piece.length) break
    rest -= piece.length
    first++
  }
  const [partly, ...whole] = pieces.slice(first)
  return partly === undefined ? [] : [partly.subarray(rest), ...whole]
}
