import { setImmediate as nextTurn } from 'node:timers/promises'
import { BlockDecoder } from './block-decoder.js'
import { ByteQueue } from './byte-queue.js'
import { type FrameBlock, FrameBlocks, need } from './frame-blocks.js'
import { FRAME_MAGIC, isSkippable } from './frame-header.js'
import { History } from './history.js'
import { malformed } from './malformed.js'
import type { MemoryBudget } from './memory-budget.js'

/** Bytes in and out between two looks at whatever else the process has to do: about a millisecond. */
const BYTES_A_TURN = 128 * 1024

/** What a block costs besides its bytes. */
const BLOCK_COST = 4096

/** Decodes the blocks of a frame somewhere else than here: Node's own zstd, where there is one. */
export type FrameDecoder = (frame: FrameBlocks, first: FrameBlock, budget: MemoryBudget) => AsyncIterable<Uint8Array>

/** Smaller first blocks than this are of frames that are decoded here sooner than somewhere else. */
const WORTH_HANDING_OVER = 4096

/**
 * The content of any number of frames, one behind the other, in chunks of at most 128 KiB. Written against hostile input:
 * nothing is trusted that a header says, memory comes out of the budget, and the event loop is never held for long.
 * `elsewhere` decodes frames of several blocks.
 */
export async function* decompress(
  compressed: AsyncIterable<Uint8Array>,
  budget: MemoryBudget,
  elsewhere?: FrameDecoder,
): AsyncGenerator<Uint8Array> {
  const queue = new ByteQueue(compressed)
  const turns = new Turns()
  using history = new History(budget)
  try {
    for (;;) {
      const magic = await queue.take(4)
      if (magic.length === 0) return
      const kind = need(magic, 4).readUInt32LE()
      if (kind === FRAME_MAGIC) {
        const frame = await FrameBlocks.read(queue)
        const first = await frame.next()
        if (elsewhere !== undefined && !first.last && first.body.length >= WORTH_HANDING_OVER)
          yield* elsewhere(frame, first, budget)
        else yield* decodeFrame(frame, first, history, turns)
      } else if (isSkippable(kind)) {
        const length = need(await queue.take(4), 4).readUInt32LE()
        if ((await queue.skip(length)) < length) throw malformed('it ends inside a frame')
        await turns.spend(BLOCK_COST)
      } else throw malformed('there is something that does not begin a frame')
    }
  } finally {
    queue.close()
  }
}

async function* decodeFrame(
  frame: FrameBlocks,
  first: FrameBlock,
  history: History,
  turns: Turns,
): AsyncGenerator<Uint8Array> {
  const { contentSize } = frame.header
  const decoder = new BlockDecoder(frame.header, history)
  for (let block = first; ; block = await frame.next()) {
    const chunk = decoder.decode(block)
    if (contentSize !== undefined && decoder.decoded > contentSize) throw malformed('a frame is longer than it says')
    if (chunk.length > 0) yield chunk
    await turns.spend(BLOCK_COST + block.body.length + chunk.length)
    if (block.last) break
  }
  if (contentSize !== undefined && decoder.decoded !== contentSize) throw malformed('a frame is shorter than it says')
  // The digest of the blob is a better check.
  await frame.checksum()
}

/** Lets the process do something else from time to time. */
class Turns {
  #spent = 0

  async spend(bytes: number): Promise<void> {
    this.#spent += bytes
    if (this.#spent < BYTES_A_TURN) return
    this.#spent = 0
    await nextTurn()
  }
}
