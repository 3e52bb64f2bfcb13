import { nodeFrameDecoder } from './node-frame-decoder.js'
import { nodeZstd } from './node-zstd.js'
import { LEVEL, type ZstdEngine } from './zstd-engine.js'

/** A trip through the thread pool is worth it for pieces of this size, and a message should not be much larger. */
const PIECE = 256 * 1024

/** The zstd of Node 22.15 and later; undefined where this Node has none. */
export function nodeEngine(): ZstdEngine | undefined {
  const zstd = nodeZstd()
  if (zstd === undefined) return undefined
  const options = { params: { [zstd.constants.ZSTD_c_compressionLevel]: LEVEL } }
  return {
    pieceBytes: PIECE,
    compress: (piece) =>
      new Promise((resolve, reject) => {
        zstd.zstdCompress(piece, options, (error, compressed) => (error === null ? resolve(compressed) : reject(error)))
      }),
    decodeFrame: nodeFrameDecoder(zstd),
  }
}
