import { MAX_BLOCK } from './frame-header.js'
import { type HuffmanTable, readHuffmanTable } from './huffman-table.js'
import { malformed } from './malformed.js'

/** The bytes of a block that are no repetition of earlier ones, and where its sequences begin. */
export interface Literals {
  readonly size: number
  readonly at: number
  /** For the blocks that follow. */
  readonly table: HuffmanTable | undefined
}

/** Reads the first section of a block at `bytes[start…end]` into `out`. Eight bytes before `start` may be looked at. */
export function readLiterals(
  bytes: Uint8Array,
  start: number,
  end: number,
  before: HuffmanTable | undefined,
  out: Uint8Array,
): Literals {
  const b = (n: number) => bytes[start + n] ?? 0
  const kind = b(0) & 3
  const format = (b(0) >> 2) & 3
  if (kind < 2) {
    const [size, header] =
      (format & 1) === 0
        ? [b(0) >> 3, 1]
        : format === 1
          ? [(b(0) >> 4) | (b(1) << 4), 2]
          : [(b(0) >> 4) | (b(1) << 4) | (b(2) << 12), 3]
    const at = start + header
    const length = kind === 0 ? size : 1
    if (size > MAX_BLOCK || at + length > end) throw malformed('a block ends inside its literals')
    if (kind === 0) out.set(bytes.subarray(at, at + size))
    else out.fill(bytes[at] ?? 0, 0, size)
    return { size, at: at + length, table: before }
  }
  const header = format < 2 ? 3 : format + 2
  const width = format < 2 ? 10 : format === 2 ? 14 : 18
  const mask = (1 << width) - 1
  const low = b(0) | (b(1) << 8) | (b(2) << 16) | (b(3) << 24)
  const size = (low >>> 4) & mask
  const packed = width === 18 ? ((low >>> 22) | (b(4) << 10)) & mask : (low >>> (4 + width)) & mask
  const at = start + header
  const behind = at + packed
  if (size > MAX_BLOCK || behind > end) throw malformed('a block ends inside its literals')
  const { table, at: data } = kind === 2 ? readHuffmanTable(bytes, at, behind) : { table: before, at }
  if (table === undefined) throw malformed('a block refers to a tree that there is not')
  if (format === 0) decodeStream(table, bytes, data, behind, out, 0, size)
  else decodeFourStreams(table, bytes, data, behind, out, size)
  return { size, at: behind, table }
}

function decodeFourStreams(
  table: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  size: number,
): void {
  const quarter = (size + 3) >> 2
  if (start + 6 > end || quarter * 3 > size) throw malformed('literals are garbled')
  let at = start + 6
  for (let n = 0; n < 4; n++) {
    const length = (bytes[start + n * 2] ?? 0) | ((bytes[start + n * 2 + 1] ?? 0) << 8)
    const behind = n === 3 ? end : at + length
    if (behind > end) throw malformed('literals are garbled')
    decodeStream(table, bytes, at, behind, out, n * quarter, n === 3 ? size : (n + 1) * quarter)
    at = behind
  }
}

/** One stream of codes, which is read from its end; the highest bit that is set there begins it. */
function decodeStream(
  { bits, entries }: HuffmanTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  from: number,
  to: number,
): void {
  const last = end > start ? (bytes[end - 1] as number) : 0
  if (last === 0) throw malformed('literals are garbled')
  // What lies before the stream's first bit is looked at but never counts: the check at the end sees to it.
  let bit = end * 8 - 1 - Math.clz32(last) + 24 - bits
  const mask = (1 << bits) - 1
  const first = start * 8 - bits
  for (let n = from; n < to && bit >= first; n++) {
    const at = bit >> 3
    const word = (bytes[at] as number) | ((bytes[at + 1] as number) << 8) | ((bytes[at + 2] as number) << 16)
    const entry = entries[(word >> (bit & 7)) & mask] as number
    out[n] = entry >> 4
    bit -= entry & 15
  }
  if (bit !== first) throw malformed('literals are garbled')
}
