import type { OperationState } from '@gorego/core'

/** A front end may say from memory for so long that a blob is there; a store keeps each by this much longer. */
const LONGEST_LEASE_MS = 10_000

/** Of what a store promises. Where it promises nothing, nothing is remembered. */
const PART_OF_GRACE = 1 / 10

/** In milliseconds, as is the grace. */
export function leaseOf(graceMs: number): number {
  return Math.min(LONGEST_LEASE_MS, graceMs * PART_OF_GRACE)
}

/** Whether an operation failed for blobs that were not there, or not what they should be: some were there once. */
export function hasLostBlobs({ outcome }: OperationState): boolean {
  return outcome?.failure?.details.some(({ kind }) => kind === 'missing-blobs') ?? false
}
