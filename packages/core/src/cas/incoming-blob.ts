import type { DigestingCheck } from '../digest/index.js'
import { type Budget, diskFull, isDiskFull, onDiskOf, type Reservation } from '../disk/index.js'
import { SMALL_BLOB } from './blob-file-reader.js'
import { BlobFileWriter, totalLength } from './blob-file-writer.js'
import type { BlobContent } from './content-addressable-storage.js'

/** Room for a stream is made in such steps, in bytes: not at once, or who only says that he will send much evicts much. */
const STEP = 256 * 1024

/** A write that finds the disk full evicts something, and is tried again, so often in all. */
const TRIES_ON_FULL_DISK = 4

/** Hashes what passes. */
export interface HashesInTurns {
  updateInTurns(pieces: readonly Uint8Array[]): Promise<void>
}

/**
 * One blob on its way to the disk: its temporary file, and the room that it takes of the budget for as long as it is
 * neither a stored blob nor gone.
 */
export class IncomingBlob implements Disposable {
  readonly #mostBytes: number
  readonly #file: BlobFileWriter
  readonly #room: Reservation
  readonly #budget: Budget

  private constructor(mostBytes: number, file: BlobFileWriter, room: Reservation, budget: Budget) {
    this.#mostBytes = mostBytes
    this.#file = file
    this.#room = room
    this.#budget = budget
  }

  /** Throws `resource-exhausted` where the budget has no room for its beginning. More than `mostBytes` will not come. */
  static async open(mostBytes: number, temporaryPath: string, budget: Budget): Promise<IncomingBlob> {
    const room = budget.reservation()
    try {
      await room.grow(Math.min(mostBytes, STEP))
      const file = await makingRoom(budget, 0, () => new BlobFileWriter(temporaryPath))
      return new IncomingBlob(mostBytes, file, room, budget)
    } catch (error) {
      room[Symbol.dispose]()
      throw error
    }
  }

  /** Of the temporary file. */
  get path(): string {
    return this.#file.path
  }

  /** Bytes that were appended. */
  get size(): number {
    return this.#file.size
  }

  /** Makes sure that so many more bytes fit into the budget. Throws `resource-exhausted`; then nothing has changed. */
  async makeRoomFor(bytes: number): Promise<void> {
    if (this.#hasRoomFor(bytes)) return
    const size = Math.max(this.#file.size + bytes, this.#room.bytes + STEP)
    // BW-06: one byte too many is refused by who checks the digest; no room is made for it.
    await this.#room.grow(Math.min(this.#mostBytes, size))
  }

  /** Where there is room, the disk is at work when this returns, and the caller can hash the bytes meanwhile. */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const size = totalLength(pieces)
    if (!this.#hasRoomFor(size)) await this.makeRoomFor(size)
    await makingRoom(this.#budget, size, () =>
      size <= SMALL_BLOB ? this.#file.appendSync(pieces) : this.#file.append(pieces),
    )
  }

  /** Appends the next bytes and hashes them meanwhile. Whatever comes of one of the two, the other has ended when this does. */
  async appendHashed(pieces: readonly Uint8Array[], check: HashesInTurns): Promise<void> {
    const both = await Promise.allSettled([this.append(pieces), check.updateInTurns(pieces)])
    for (const part of both.reverse()) if (part.status === 'rejected') throw part.reason
  }

  /** Appends a whole content; one that comes in chunks is checked meanwhile, one in memory was before. */
  async receive(content: BlobContent, check: DigestingCheck, signal: AbortSignal | undefined): Promise<void> {
    if (content instanceof Uint8Array) await this.append([content])
    else {
      await this.receiveStream(content, check, signal)
      check.finish()
    }
    signal?.throwIfAborted()
  }

  /** Appends chunks as they come, and hashes them meanwhile. */
  async receiveStream(
    chunks: AsyncIterable<Uint8Array>,
    hash: HashesInTurns,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    for await (const chunk of chunks) {
      signal?.throwIfAborted()
      await this.appendHashed([chunk], hash)
    }
    signal?.throwIfAborted()
  }

  /** Gives the descriptor back while nothing comes, and room beyond what came. */
  suspend(): void {
    this.#file.suspend()
    this.#room.shrink(this.#file.size)
  }

  /** Puts the file in place; whoever does that counts it as a blob from now on. */
  commit(finalPath: string): void {
    onDiskOf(this.#budget.name, () => this.#file.commit(finalPath))
    this.#room[Symbol.dispose]()
  }

  #hasRoomFor(bytes: number): boolean {
    return this.#file.size + bytes <= this.#room.bytes
  }

  /** Removes the file, unless it was put in place. */
  [Symbol.dispose](): void {
    this.#file.discard()
    this.#room[Symbol.dispose]()
  }
}

/** The disk may be fuller than the budget has it, of others' files. What may go goes then, and the write is tried again. */
async function makingRoom<T>(budget: Budget, bytes: number, write: () => T | Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await write()
    } catch (error) {
      if (!isDiskFull(error)) throw error
      const another = tries < TRIES_ON_FULL_DISK && (await budget.shrink(tries * Math.max(bytes, STEP)))
      if (!another) throw diskFull(error, budget.name)
    }
  }
}
