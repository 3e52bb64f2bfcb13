import { createHash } from 'node:crypto'

/**
 * The rolling hash has 64 bits and is masked with at most 48 of them, and bits above do not change those below: 48 are
 * kept, in two numbers that fit the 32-bit integers that JavaScript computes with. The lower holds 29 bits, so that
 * twice its value and a table entry still fit and the carry into the upper is a shift.
 */
export const LOW_BITS = 29

const LOW_MASK = 2n ** BigInt(LOW_BITS) - 1n
const KEPT_MASK = 2n ** 48n - 1n

/** 48 bits of a 64-bit number, as the two halves. */
export interface Halves {
  readonly low: number
  readonly high: number
}

export interface GearTable {
  readonly low: Int32Array
  readonly high: Int32Array
}

export function halves(value: bigint): Halves {
  const kept = value & KEPT_MASK
  return { low: Number(kept & LOW_MASK), high: Number(kept >> BigInt(LOW_BITS)) }
}

const tables = new Map<number, GearTable>()

/**
 * One random-looking number for each value of a byte: the first 64 bits of the MD5 of that byte 64 times over, with the
 * seed mixed in. (REAPI's description says the byte once; the implementations that it refers to, and its vectors, say 64.)
 */
export function gearTable(seed: number): GearTable {
  let table = tables.get(seed)
  if (table === undefined) {
    table = makeTable(BigInt(seed))
    tables.set(seed, table)
  }
  return table
}

function makeTable(seed: bigint): GearTable {
  const table = { low: new Int32Array(256), high: new Int32Array(256) }
  for (let byte = 0; byte < 256; byte++) {
    const md5 = createHash('md5').update(Buffer.alloc(64, byte)).digest()
    const { low, high } = halves(md5.readBigUInt64BE(0) ^ seed)
    table.low[byte] = low
    table.high[byte] = high
  }
  return table
}

/** For expected distances of 2^8 to 2^22 bytes; from the paper's reference implementation, as REAPI demands. */
const MASKS = [
  0x0000001800035300n,
  0x0000019000353000n,
  0x0000590003530000n,
  0x0000d90003530000n,
  0x0000d90103530000n,
  0x0000d90303530000n,
  0x0000d90313530000n,
  0x0000d90f03530000n,
  0x0000d90303537000n,
  0x0000d90703537000n,
  0x0000d90707537000n,
  0x0000d91707537000n,
  0x0000d91747537000n,
  0x0000d91767537000n,
  0x0000d93767537000n,
]
const FIRST_MASK_BITS = 8

/** The hash has all these bits at zero once in 2^`bits` bytes. */
export function mask(bits: number): Halves {
  const found = MASKS[bits - FIRST_MASK_BITS]
  if (found === undefined) throw new RangeError(`no mask for distances of 2^${bits} bytes`)
  return halves(found)
}
