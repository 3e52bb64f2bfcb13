import type { ZstdEngine } from './zstd-engine.js'

/** The content as frames, one for each piece; for no content, a frame of nothing (BR-02). */
export async function* compress(content: AsyncIterable<Uint8Array>, engine: ZstdEngine): AsyncGenerator<Uint8Array> {
  let frames = 0
  for await (const chunk of content) {
    for (let at = 0; at < chunk.length; at += engine.pieceBytes) {
      yield await engine.compress(chunk.subarray(at, at + engine.pieceBytes))
      frames++
    }
  }
  if (frames === 0) yield await engine.compress(new Uint8Array(0))
}
