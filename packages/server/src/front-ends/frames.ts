/** What the frames of a call say. `call` opens it, `next` and `done` or `failed` come back, `cancel` takes it back. */
export type FrameKind = 'call' | 'next' | 'done' | 'failed' | 'cancel'

const KINDS: readonly FrameKind[] = ['call', 'next', 'done', 'failed', 'cancel']

/** What one message carries: a value that JSON can say, and bytes beside it. */
export interface Message {
  readonly head?: unknown
  readonly bytes?: Uint8Array
}

export interface Frame extends Message {
  readonly kind: FrameKind
  /** Which call it is about; the side that made the call counts them. */
  readonly call: number
}

/**
 * Length of everything behind it, kind, call, length of the head: 4 + 1 + 4 + 4 bytes, little endian. Then the head as
 * JSON, and the bytes as they are.
 */
const HEADER = 13

/** Far beyond whatever is sent here: an end that says more has lost its place. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024

/** Up to this size, to copy bytes behind the head is cheaper than to write them by themselves. */
const COPIED = 16 * 1024

/** A frame on the wire, in one or two pieces. */
export function encodeFrame({ kind, call, head, bytes }: Frame): Buffer[] {
  const text = head === undefined ? '' : JSON.stringify(head)
  const headBytes = Buffer.byteLength(text)
  const tail = bytes?.length ?? 0
  const copied = tail <= COPIED
  const frame = Buffer.allocUnsafe(HEADER + headBytes + (copied ? tail : 0))
  frame.writeUInt32LE(HEADER - 4 + headBytes + tail, 0)
  frame.writeUInt8(KINDS.indexOf(kind), 4)
  frame.writeUInt32LE(call, 5)
  frame.writeUInt32LE(headBytes, 9)
  frame.write(text, HEADER)
  if (bytes === undefined) return [frame]
  if (!copied) return [frame, Buffer.from(bytes.buffer, bytes.byteOffset, tail)]
  frame.set(bytes, HEADER + headBytes)
  return [frame]
}

/** Puts frames together from what arrives, however it was cut. Throws for what is none. */
export class FrameReader {
  #chunks: Buffer[] = []
  #have = 0
  /** How many bytes it takes until there is another frame, or its length is known. */
  #want = HEADER

  push(chunk: Buffer): Frame[] {
    this.#chunks.push(chunk)
    this.#have += chunk.length
    if (this.#have < this.#want) return []
    // Only now: a large frame comes in many chunks, and is put together once.
    const all = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const frames: Frame[] = []
    let at = 0
    for (;;) {
      const rest = all.length - at
      this.#want = rest < HEADER ? HEADER : 4 + lengthOf(all, at)
      if (rest < this.#want) break
      frames.push(decode(all.subarray(at, at + this.#want)))
      at += this.#want
    }
    this.#have = all.length - at
    this.#chunks = this.#have === 0 ? [] : [all.subarray(at)]
    return frames
  }
}

function lengthOf(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at)
  if (length < HEADER - 4 || length > MAX_FRAME_BYTES) throw new Error(`a frame of ${length} bytes`)
  return length
}

function decode(frame: Buffer): Frame {
  const kind = KINDS[frame.readUInt8(4)]
  const headEnd = HEADER + frame.readUInt32LE(9)
  if (kind === undefined || headEnd > frame.length) throw new Error('a frame that makes no sense')
  return {
    kind,
    call: frame.readUInt32LE(5),
    ...(headEnd > HEADER ? { head: JSON.parse(frame.toString('utf8', HEADER, headEnd)) as unknown } : {}),
    bytes: frame.subarray(headEnd),
  }
}
