import { type FseTable, readFseTable } from './fse-table.js'
import { malformed } from './malformed.js'

/** Codes of up to 11 bits; `entries[next bits]` is the symbol times 16 plus the bits that its code takes. */
export interface HuffmanTable {
  readonly bits: number
  readonly entries: Uint16Array
}

const MAX_BITS = 11
const WEIGHT_LIMITS = { maxLog: 6, maxSymbol: 255 } as const

/** Reads a tree's description. */
export function readHuffmanTable(bytes: Uint8Array, start: number, end: number): { table: HuffmanTable; at: number } {
  const head = bytes[start] ?? 0
  const at = start + 1
  if (start >= end) throw malformed('a block ends inside its tree')
  if (head < 128) {
    if (at + head > end) throw malformed('a block ends inside its tree')
    return { table: tableOf(readPackedWeights(bytes, at, at + head)), at: at + head }
  }
  const count = head - 127
  const behind = at + ((count + 1) >> 1)
  if (behind > end) throw malformed('a block ends inside its tree')
  const weights: number[] = []
  for (let n = 0; n < count; n++) {
    const pair = bytes[at + (n >> 1)] ?? 0
    weights.push(n & 1 ? pair & 15 : pair >> 4)
  }
  return { table: tableOf(weights), at: behind }
}

/** Two states take turns until the bits are used up; the other one's symbol is the last. */
function readPackedWeights(bytes: Uint8Array, start: number, end: number): number[] {
  const { table, at } = readFseTable(bytes, start, end, WEIGHT_LIMITS)
  const last = end > at ? (bytes[end - 1] ?? 0) : 0
  if (last === 0) throw malformed('a tree is garbled')
  let bit = end * 8 - 1 - Math.clz32(last) + 24
  const first = at * 8
  const read = (count: number): number => {
    bit -= count
    const word = (bytes[bit >> 3] ?? 0) | ((bytes[(bit >> 3) + 1] ?? 0) << 8)
    return (word >> (bit & 7)) & ((1 << count) - 1)
  }
  const states = [read(table.log), read(table.log)]
  if (bit < first) throw malformed('a tree is garbled')
  const weights: number[] = []
  for (let turn = 0; weights.length <= 255; turn ^= 1) {
    weights.push(symbolOf(table, states[turn]))
    states[turn] = advance(table, states[turn] ?? 0, read)
    if (bit < first) {
      weights.push(symbolOf(table, states[turn ^ 1]))
      return weights
    }
  }
  throw malformed('a tree is garbled')
}

function symbolOf(table: FseTable, state = 0): number {
  return table.symbols[state] ?? 0
}

function advance(table: FseTable, state: number, read: (count: number) => number): number {
  return (table.bases[state] ?? 0) + read(table.bits[state] ?? 0)
}

/** The last symbol's weight is not sent: it is what completes the sum to a power of two. */
function tableOf(weights: number[]): HuffmanTable {
  let sum = 0
  for (const weight of weights) {
    if (weight > MAX_BITS) throw malformed('a tree is too deep')
    if (weight > 0) sum += 1 << (weight - 1)
  }
  const bits = 32 - Math.clz32(sum)
  const rest = (1 << bits) - sum
  if (sum === 0 || bits > MAX_BITS || weights.length > 255 || (rest & (rest - 1)) !== 0)
    throw malformed('a tree is garbled')
  weights.push(32 - Math.clz32(rest))
  const entries = new Uint16Array(1 << bits)
  let at = 0
  for (let weight = 1; weight <= bits; weight++) {
    for (const [symbol, own] of weights.entries()) {
      if (own !== weight) continue
      entries.fill((symbol << 4) | (bits + 1 - weight), at, at + (1 << (weight - 1)))
      at += 1 << (weight - 1)
    }
  }
  return { bits, entries }
}
