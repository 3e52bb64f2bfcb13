import type { FseTable } from './fse-table.js'
import { malformed } from './malformed.js'
import { LITERALS_LENGTH, MATCH_LENGTH, OFFSET, sequenceTable } from './sequence-tables.js'

/** The tables of a block, which later ones may refer to. */
export interface SequenceTables {
  readonly literalsLength: FseTable
  readonly offset: FseTable
  readonly matchLength: FseTable
}

/** What a block's sequences work on: literals and earlier output go in, output comes out. */
export interface SequenceTarget {
  readonly out: Uint8Array
  /** Where this block's output begins. */
  readonly start: number
  /** Where it must end at the latest. */
  readonly end: number
  readonly literals: Uint8Array
  readonly literalsSize: number
  /** Bytes before `start` that may be referred to. */
  readonly reach: number
  /** The last three offsets, the latest first; they go on from block to block. */
  readonly recent: Uint32Array
}

/**
 * Runs the second section of a block, `bytes[at…end]`: each sequence is some literals and then a repetition of what was
 * output before. Returns where the output ends, and the tables. Sixteen bytes before `at` and behind `end` may be looked at.
 */
export function runSequences(
  bytes: Uint8Array,
  at: number,
  end: number,
  before: SequenceTables | undefined,
  target: SequenceTarget,
): { end: number; tables: SequenceTables | undefined } {
  const { count, at: behindCount } = readCount(bytes, at, end)
  if (count === 0) {
    if (behindCount !== end) throw malformed('something follows the end of a block')
    return { end: appendLiterals(target, target.start, 0), tables: before }
  }
  const modes = bytes[behindCount] as number
  if (behindCount >= end || (modes & 3) !== 0) throw malformed('a block is garbled')
  const lengths = sequenceTable(LITERALS_LENGTH, modes >> 6, bytes, behindCount + 1, end, before?.literalsLength)
  const offsets = sequenceTable(OFFSET, (modes >> 4) & 3, bytes, lengths.at, end, before?.offset)
  const matches = sequenceTable(MATCH_LENGTH, (modes >> 2) & 3, bytes, offsets.at, end, before?.matchLength)
  const tables = { literalsLength: lengths.table, offset: offsets.table, matchLength: matches.table }
  return { end: execute(bytes, matches.at, end, count, tables, target), tables }
}

function readCount(bytes: Uint8Array, at: number, end: number): { count: number; at: number } {
  const b = (n: number) => bytes[at + n] as number
  const length = at >= end ? 4 : b(0) < 128 ? 1 : b(0) < 255 ? 2 : 3
  if (at + length > end) throw malformed('a block ends before its sequences')
  const count = length === 1 ? b(0) : length === 2 ? ((b(0) - 128) << 8) | b(1) : (b(1) | (b(2) << 8)) + 0x7f00
  return { count, at: at + length }
}

/** The one hot loop: some 100 MB/s depend on it, hence no calls but to copies, and no object in it. */
function execute(
  bytes: Uint8Array,
  start: number,
  end: number,
  count: number,
  { literalsLength, offset, matchLength }: SequenceTables,
  target: SequenceTarget,
): number {
  const { out, recent, literals, literalsSize, reach } = target
  const last = end > start ? (bytes[end - 1] as number) : 0
  if (last === 0) throw malformed('sequences are garbled')
  let bit = end * 8 - 1 - Math.clz32(last) + 24
  const first = start * 8
  bit -= literalsLength.log
  let lengthState = peek(bytes, bit, literalsLength.log)
  bit -= offset.log
  let offsetState = peek(bytes, bit, offset.log)
  bit -= matchLength.log
  let matchState = peek(bytes, bit, matchLength.log)
  const { bases: matchBases, extraBits: matchExtra } = MATCH_LENGTH
  const { bases: lengthBases, extraBits: lengthExtra } = LITERALS_LENGTH
  const { symbols: lengthSymbols, bits: lengthWidths, bases: lengthNext } = literalsLength
  const { symbols: offsetSymbols, bits: offsetWidths, bases: offsetNext } = offset
  const { symbols: matchSymbols, bits: matchWidths, bases: matchNext } = matchLength
  const { start: ownStart, end: outEnd } = target
  let to = ownStart
  let from = 0
  for (let n = 0; n < count; n++) {
    if (bit < first) throw malformed('sequences are garbled')
    const code = offsetSymbols[offsetState] as number
    const matchSymbol = matchSymbols[matchState] as number
    const lengthSymbol = lengthSymbols[lengthState] as number
    let distance: number
    if (code <= 24) {
      bit -= code
      distance = (1 << code) | peek(bytes, bit, code)
    } else {
      // A shifted word has no more than 25 bits, so these come in two halves.
      bit -= code - 16
      const high = (1 << (code - 16)) | peek(bytes, bit, code - 16)
      bit -= 16
      distance = high * 65536 + peek(bytes, bit, 16)
    }
    let match = matchBases[matchSymbol] as number
    if (matchSymbol >= FIRST_LONG_MATCH) {
      const extra = matchExtra[matchSymbol] as number
      bit -= extra
      match += peek(bytes, bit, extra)
    }
    let length = lengthBases[lengthSymbol] as number
    if (lengthSymbol >= FIRST_LONG_LENGTH) {
      const extra = lengthExtra[lengthSymbol] as number
      bit -= extra
      length += peek(bytes, bit, extra)
    }
    if (n + 1 < count) {
      const lengthWidth = lengthWidths[lengthState] as number
      bit -= lengthWidth
      lengthState = (lengthNext[lengthState] as number) + peek(bytes, bit, lengthWidth)
      const matchWidth = matchWidths[matchState] as number
      bit -= matchWidth
      matchState = (matchNext[matchState] as number) + peek(bytes, bit, matchWidth)
      const offsetWidth = offsetWidths[offsetState] as number
      bit -= offsetWidth
      offsetState = (offsetNext[offsetState] as number) + peek(bytes, bit, offsetWidth)
    }
    distance = resolve(recent, distance, length)
    if (from + length > literalsSize || to + length + match > outEnd) throw malformed('sequences are garbled')
    if (length <= SHORT) for (const until = from + length; from < until; ) out[to++] = literals[from++] as number
    else {
      out.set(literals.subarray(from, from + length), to)
      from += length
      to += length
    }
    if (distance > to - ownStart + reach || distance === 0) throw malformed('a block refers to what is too far back')
    if (match > SHORT && distance >= match) {
      out.copyWithin(to, to - distance, to - distance + match)
      to += match
    } else for (const until = to + match; to < until; to++) out[to] = out[to - distance] as number
  }
  if (bit !== first) throw malformed('sequences are garbled')
  return appendLiterals(target, to, from)
}

/** The first symbols whose numbers have extra bits. */
const FIRST_LONG_MATCH = 32
const FIRST_LONG_LENGTH = 16

/** Up to here a loop is faster than a call. */
const SHORT = 32

/** The bits from `bit` on, at most 25. */
function peek(bytes: Uint8Array, bit: number, count: number): number {
  const at = bit >> 3
  const word =
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  return (word >>> (bit & 7)) & ((1 << count) - 1)
}

/** Small numbers stand for recent offsets; without literals before them they mean the next one, or the latest less one. */
function resolve(recent: Uint32Array, value: number, length: number): number {
  const latest = recent[0] as number
  if (value > 3) return remember(recent, value - 3, 2)
  const index = value - 1 + (length === 0 ? 1 : 0)
  if (index === 0) return latest
  if (index === 3) return remember(recent, latest - 1, 2)
  return remember(recent, recent[index] as number, index)
}

/** `from`: the place that the offset had. */
function remember(recent: Uint32Array, offset: number, from: number): number {
  if (from === 2) recent[2] = recent[1] as number
  recent[1] = recent[0] as number
  recent[0] = offset
  return offset
}

function appendLiterals({ out, literals, literalsSize, end }: SequenceTarget, to: number, from: number): number {
  const behind = to + literalsSize - from
  if (behind > end) throw malformed('a block is larger than it may be')
  out.set(literals.subarray(from, literalsSize), to)
  return behind
}
