import { malformed } from './malformed.js'

/** A table of finite state entropy: what each state stands for, and how the next is made from it. */
export interface FseTable {
  /** States are numbers of so many bits. */
  readonly log: number
  readonly symbols: Uint8Array
  /** Bits to read for the next state, which are added to `bases`. */
  readonly bits: Uint8Array
  readonly bases: Uint16Array
}

/** Probabilities of symbols, in parts of 2^log; -1 is less than one part. */
export function fseTable(log: number, probabilities: ArrayLike<number>): FseTable {
  const size = 1 << log
  const symbols = new Uint8Array(size)
  const next = new Uint16Array(probabilities.length)
  let high = size
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    if (probabilities[symbol] !== -1) continue
    symbols[--high] = symbol
    next[symbol] = 1
  }
  const step = (size >> 1) + (size >> 3) + 3
  let at = 0
  for (let symbol = 0; symbol < probabilities.length; symbol++) {
    const count = probabilities[symbol] ?? 0
    if (count <= 0) continue
    next[symbol] = count
    for (let n = 0; n < count; n++) {
      symbols[at] = symbol
      do at = (at + step) & (size - 1)
      while (at >= high)
    }
  }
  const bits = new Uint8Array(size)
  const bases = new Uint16Array(size)
  for (let state = 0; state < size; state++) {
    const symbol = symbols[state] ?? 0
    const count = next[symbol] ?? 1
    next[symbol] = count + 1
    const width = log - (31 - Math.clz32(count))
    bits[state] = width
    bases[state] = (count << width) - size
  }
  return { log, symbols, bits, bases }
}

/** One symbol, always. */
export function constantTable(symbol: number): FseTable {
  return { log: 0, symbols: Uint8Array.of(symbol), bits: new Uint8Array(1), bases: new Uint16Array(1) }
}

export interface FseLimits {
  readonly maxLog: number
  readonly maxSymbol: number
}

/** Reads a table's description; `end` is where the bytes that belong to it end at the latest. */
export function readFseTable(
  bytes: Uint8Array,
  start: number,
  end: number,
  { maxLog, maxSymbol }: FseLimits,
): { table: FseTable; at: number } {
  let bit = start * 8
  const read = (count: number): number => {
    const at = bit >> 3
    const word = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16)
    const value = (word >> (bit & 7)) & ((1 << count) - 1)
    bit += count
    return value
  }
  const log = read(4) + 5
  if (log > maxLog) throw malformed('a table is larger than the format allows')
  const probabilities: number[] = []
  let remaining = 1 << log
  while (remaining > 0 && probabilities.length <= maxSymbol && bit <= end * 8) {
    const width = 32 - Math.clz32(remaining + 1)
    const mask = (1 << (width - 1)) - 1
    // Small values take one bit less.
    const threshold = (1 << width) - 1 - (remaining + 1)
    let value = read(width)
    if ((value & mask) < threshold) {
      bit--
      value &= mask
    } else if (value > mask) value -= threshold
    const probability = value - 1
    remaining -= Math.abs(probability)
    probabilities.push(probability)
    if (probability !== 0) continue
    let zeros: number
    do {
      zeros = read(2)
      for (let n = 0; n < zeros; n++) probabilities.push(0)
    } while (zeros === 3 && probabilities.length <= maxSymbol)
  }
  const at = (bit + 7) >> 3
  if (remaining !== 0 || probabilities.length > maxSymbol + 1 || at > end) throw malformed('a table is garbled')
  return { table: fseTable(log, probabilities), at }
}
