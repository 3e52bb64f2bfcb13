import { Digest, digestFunctions } from '@gorego/core'

/** Number of the function, size as a double, and behind them the hash. */
const BEFORE_HASH = 9

/** Digests as bytes: there can be 25,000 in one request. */
export function packDigests(digests: readonly Digest[]): Buffer {
  const packed = Buffer.allocUnsafe(digests.reduce((sum, { fn }) => sum + BEFORE_HASH + fn.hashLength / 2, 0))
  let at = 0
  for (const { fn, hash, sizeBytes } of digests) {
    at = packed.writeUInt8(digestFunctions.indexOf(fn), at)
    at = packed.writeDoubleLE(sizeBytes, at)
    at += packed.write(hash, at, 'hex')
  }
  return packed
}

export function unpackDigests(bytes: Uint8Array): Digest[] {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const digests: Digest[] = []
  for (let at = 0; at < packed.length; ) {
    const fn = digestFunctions[packed.readUInt8(at)]
    if (fn === undefined) throw new Error('a digest of an unknown function')
    const hashAt = at + BEFORE_HASH
    const end = hashAt + fn.hashLength / 2
    digests.push(Digest.of(fn, packed.toString('hex', hashAt, end), packed.readDoubleLE(at + 1)))
    at = end
  }
  return digests
}

/** Which of the digests are among those, by their places: an answer needs to name no digest again. */
export function placesOf(some: readonly Digest[], all: readonly Digest[]): number[] {
  if (some.length === 0) return []
  const wanted = new Set(some.map((digest) => digest.key))
  // Each once, as in `some`.
  return [...all.keys()].filter((n) => wanted.delete(all[n]?.key ?? ''))
}
