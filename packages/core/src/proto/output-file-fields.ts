import type { Digest } from '../digest/index.js'
import { MessageWriter } from './message-writer.js'
import type { NodeProperties } from './messages.js'

export interface OutputFileParts {
  readonly path: string
  readonly digest: Digest
  readonly executable: boolean
  readonly properties: NodeProperties | undefined
}

/**
 * `ActionResult.output_files`, encoded as they come: an action can have thousands, and messages made of each take several times as long,
 * and leave as much for the garbage collector. Fields of a message may be put together in any order, so the rest of the
 * result is encoded by itself.
 */
export class OutputFileFields {
  readonly #writer = new MessageWriter()

  add({ path, digest, executable, properties }: OutputFileParts): void {
    const file = new MessageWriter().text(1, path).digest(2, digest).varint(4, Number(executable))
    if (properties !== undefined) file.bytes(7, properties.serializeBinary())
    this.#writer.message(2, file)
  }

  /** The result, of which everything else is encoded already. */
  finish(rest: Uint8Array): Uint8Array {
    // With memory of its own: the channel to the main process sends all that is behind a view.
    return new Uint8Array(this.#writer.encoded(rest).finish())
  }
}
