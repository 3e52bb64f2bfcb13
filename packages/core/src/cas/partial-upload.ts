import { type Digest, DigestingCheck } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { totalLength } from './blob-file-writer.js'
import type { IncomingBlob } from './incoming-blob.js'
import { VerifiedFile } from './verified-file.js'

/** What arrived of one upload: a temporary file and the hash so far, so that nothing has to be read again to go on. */
export class PartialUpload {
  readonly digest: Digest
  /** Nobody can go on with it: it is complete, or cannot become what its digest says. */
  useless = false
  readonly #file: IncomingBlob
  readonly #check: DigestingCheck
  #size = 0
  #appending: Promise<void> = Promise.resolve()
  #promised = 0

  constructor(digest: Digest, file: IncomingBlob) {
    this.digest = digest
    this.#file = file
    this.#check = new DigestingCheck(digest)
  }

  /** Bytes of the blob that are here. */
  get size(): number {
    return this.#size
  }

  /** QS-04: the size, which from now on may be continued from, though more may still arrive from a dying connection. */
  promise(): number {
    this.#promised = this.useless ? 0 : this.#size
    return this.#promised
  }

  /** Whether somebody may send on from there: from where it stands, or from what was last promised. */
  continuesAt(offset: number): boolean {
    return !this.useless && (offset === this.#size || offset === this.#promised)
  }

  /** Where there is no room, the upload can go on later from where it stands. */
  append(pieces: readonly Uint8Array[]): Promise<void> {
    this.#appending = this.#append(pieces)
    return this.#appending
  }

  /** Resolves when no bytes are on their way into the file. */
  async settled(): Promise<void> {
    await this.#appending.catch(() => {})
  }

  finish(): VerifiedFile {
    this.useless = true
    this.#check.finish()
    return new VerifiedFile(this.digest, this.#file)
  }

  suspend(): void {
    this.#file.suspend()
  }

  discard(): void {
    this.#file[Symbol.dispose]()
  }

  async #append(pieces: readonly Uint8Array[]): Promise<void> {
    const size = totalLength(pieces)
    await this.#file.makeRoomFor(size)
    try {
      await this.#file.appendHashed(pieces, this.#check)
    } catch (error) {
      this.useless = true
      throw error
    }
    this.#size += size
  }
}

/** Another connection goes on with this upload. */
export function takenOver(digest: Digest): GoregoError {
  return new GoregoError('aborted', `the upload of blob ${digest} is continued by another call of the same name`)
}
