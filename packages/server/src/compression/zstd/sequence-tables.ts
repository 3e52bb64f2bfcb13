import { constantTable, type FseLimits, type FseTable, fseTable, readFseTable } from './fse-table.js'
import { malformed } from './malformed.js'

/** One of the three numbers that a sequence is made of: symbols stand for a base and some bits that are added to it. */
export interface SequenceField {
  readonly limits: FseLimits
  readonly predefined: FseTable
  readonly bases: Uint32Array
  readonly extraBits: Uint8Array
}

const field = (
  limits: FseLimits,
  log: number,
  probabilities: readonly number[],
  extraBits: readonly number[],
  firstBase: number,
): SequenceField => {
  let base = firstBase
  const bases = extraBits.map((bits) => {
    const own = base
    base += 2 ** bits
    return own
  })
  return {
    limits,
    predefined: fseTable(log, probabilities),
    bases: Uint32Array.from(bases),
    extraBits: Uint8Array.from(extraBits),
  }
}

const times = (count: number, value: number): number[] => Array.from({ length: count }, () => value)

/** How many literals come before a repetition. */
export const LITERALS_LENGTH = field(
  { maxLog: 9, maxSymbol: 35 },
  6,
  [4, 3, ...times(11, 2), 1, 1, 1, ...times(8, 2), 2, 3, 2, ...times(5, 1), ...times(4, -1)],
  [...times(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  0,
)

/** How long the repetition is. */
export const MATCH_LENGTH = field(
  { maxLog: 9, maxSymbol: 52 },
  6,
  [1, 4, 3, 2, 2, 2, 2, 2, 2, ...times(37, 1), ...times(7, -1)],
  [...times(32, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 4, 5, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16],
  3,
)

/** How far back it begins; a symbol is the number of bits behind a leading 1. */
export const OFFSET: SequenceField = {
  limits: { maxLog: 8, maxSymbol: 31 },
  predefined: fseTable(5, [...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)]),
  bases: Uint32Array.from({ length: 32 }, (_, n) => 2 ** n),
  extraBits: Uint8Array.from({ length: 32 }, (_, n) => n),
}

/** The table that a block uses for one of the fields, by the two bits that say where it comes from. */
export function sequenceTable(
  { limits, predefined }: SequenceField,
  mode: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  before: FseTable | undefined,
): { table: FseTable; at: number } {
  if (mode === 0) return { table: predefined, at }
  if (mode === 2) return readFseTable(bytes, at, end, limits)
  if (mode === 1) {
    const symbol = bytes[at] ?? 0
    if (at >= end || symbol > limits.maxSymbol) throw malformed('a table is garbled')
    return { table: constantTable(symbol), at: at + 1 }
  }
  if (before === undefined) throw malformed('a block refers to a table that there is not')
  return { table: before, at }
}
