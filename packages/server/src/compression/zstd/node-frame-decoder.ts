import { pipeline } from 'node:stream/promises'
import type { FrameDecoder } from './decompress.js'
import type { FrameBlock, FrameBlocks } from './frame-blocks.js'
import { FRAME_MAGIC, MAX_BLOCK, MAX_WINDOW } from './frame-header.js'
import { malformed } from './malformed.js'
import type { NodeZstd } from './node-zstd.js'

/** What a decoder holds besides the window. */
const BUFFERS = 512 * 1024

/**
 * Decodes frames in Node's thread pool. It gets one frame and not the stream, because Node's decoder stops behind the first,
 * and takes what ends too early for complete.
 */
export function nodeFrameDecoder(zstd: NodeZstd): FrameDecoder {
  const options = {
    chunkSize: MAX_BLOCK,
    params: { [zstd.constants.ZSTD_d_windowLogMax]: Math.log2(MAX_WINDOW) },
  }
  return async function* decode(frame, first, budget) {
    const { windowSize, contentSize = windowSize } = frame.header
    const memory = Math.min(windowSize, contentSize) + BUFFERS
    budget.take(memory)
    const decoder = zstd.createZstdDecompress(options)
    // Its failures come out of the decoder as well.
    const fed = pipeline(partsOf(frame, first), decoder).catch(() => {})
    try {
      for await (const chunk of decoder) yield chunk as Buffer
    } catch (error) {
      throw isZstdError(error) ? malformed(error.message) : error
    } finally {
      decoder.destroy()
      budget.give(memory)
    }
    await fed
  }
}

async function* partsOf(frame: FrameBlocks, first: FrameBlock): AsyncGenerator<Uint8Array> {
  const magic = Buffer.alloc(4)
  magic.writeUInt32LE(FRAME_MAGIC)
  yield Buffer.concat([magic, frame.headerBytes])
  for (let block = first; ; block = await frame.next()) {
    yield Buffer.concat([block.head, block.body])
    if (block.last) break
  }
  const checksum = await frame.checksum()
  if (checksum.length > 0) yield checksum
}

function isZstdError(error: unknown): error is Error {
  return error instanceof Error && String((error as NodeJS.ErrnoException).code).startsWith('ZSTD_')
}
