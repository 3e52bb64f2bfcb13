import type { FrameDecoder } from './decompress.js'

/** What compresses: one piece of content in, one whole frame out. A stream is as many frames as it takes. */
export interface ZstdEngine {
  /** How large a piece may be. */
  readonly pieceBytes: number
  compress(piece: Uint8Array): Promise<Uint8Array>
  /** Decodes a frame off the main thread, where it can. */
  readonly decodeFrame?: FrameDecoder
}

/** Speed counts on machines that build: a third faster than zstd's own default, for a few per cent of size. */
export const LEVEL = 1
