import {
  type ContentAddressableStorage,
  compareOutputs,
  type Digest,
  type OutputDifference,
  RunResult,
  reapi,
} from '@gorego/core'

/** Field of ActionResult that differs each time: who ran it, and when. */
const EXECUTION_METADATA_FIELD = 9

/** Larger Trees keep everybody else waiting while they are parsed: such directories are compared as a whole. */
const MOST_TREE_BYTES = 1024 * 1024

/** What two serialized results of an action do not have alike. Where they are the same, next to nothing is read. */
export async function compareResults(
  action: Digest,
  [first, second]: readonly [Uint8Array, Uint8Array],
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<OutputDifference[]> {
  if (haveSameFields(first, second)) return []
  const read = (result: Uint8Array) => RunResult.read(action, result, false, cas, signal)
  const [one, other] = [await read(first), await read(second)]
  return await compareOutputs(one, other, { cas, maxTreeBytes: MOST_TREE_BYTES }, signal)
}

function haveSameFields(first: Uint8Array, second: Uint8Array): boolean {
  const [left, right] = [first, second].map((bytes) =>
    [...reapi.wireFields(bytes)].filter(({ number }) => number !== EXECUTION_METADATA_FIELD),
  ) as [reapi.WireField[], reapi.WireField[]]
  if (left.length !== right.length) return false
  return left.every(({ number, value, bytes }, at) => {
    const other = right[at]
    if (other === undefined || other.number !== number || other.value !== value) return false
    return bytes === undefined || other.bytes === undefined
      ? bytes === other.bytes
      : Buffer.compare(bytes, other.bytes) === 0
  })
}
