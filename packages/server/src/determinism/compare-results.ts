import { createHash } from 'node:crypto'
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

/** Of a field, up to so many bytes are shown. */
const SHOWN_BYTES = 16

/**
 * What two serialized results of an action do not have alike. Where they are the same, next to nothing is read; where they are not, there is
 * always something to tell.
 */
export async function compareResults(
  action: Digest,
  [first, second]: readonly [Uint8Array, Uint8Array],
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<OutputDifference[]> {
  const inFields = compareFields(first, second)
  if (inFields.length === 0) return []
  const read = (result: Uint8Array) => RunResult.read(action, result, false, cas, signal)
  const [one, other] = [await read(first), await read(second)]
  const differences = await compareOutputs(one, other, { cas, maxTreeBytes: MOST_TREE_BYTES }, signal)
  // Times of files, for one, which an action may ask for.
  return differences.length > 0 ? differences : inFields
}

/** As the messages have it, which says little to people, and leaves nothing out. */
function compareFields(first: Uint8Array, second: Uint8Array): OutputDifference[] {
  const [before, after] = [fieldsByNumber(first), fieldsByNumber(second)]
  const differences: OutputDifference[] = []
  for (const number of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(number) ?? [], after.get(number) ?? []]
    const length = Math.max(one.length, other.length)
    for (let at = 0; at < length; at++) {
      if (areAlike(one[at], other[at])) continue
      differences.push({ subject: `field ${number} of the result`, first: shown(one[at]), second: shown(other[at]) })
      break
    }
  }
  return differences
}

function fieldsByNumber(result: Uint8Array): Map<number, reapi.WireField[]> {
  const fields = new Map<number, reapi.WireField[]>()
  for (const field of reapi.wireFields(result)) {
    if (field.number === EXECUTION_METADATA_FIELD) continue
    const known = fields.get(field.number)
    if (known === undefined) fields.set(field.number, [field])
    else known.push(field)
  }
  return fields
}

function areAlike(one: reapi.WireField | undefined, other: reapi.WireField | undefined): boolean {
  if (one === undefined || other === undefined || one.value !== other.value) return false
  return one.bytes === undefined || other.bytes === undefined
    ? one.bytes === other.bytes
    : Buffer.compare(one.bytes, other.bytes) === 0
}

/** Of a message that is not shown as a whole, its digest says that it is another one. */
function shown(field: reapi.WireField | undefined): string {
  if (field === undefined) return 'nothing'
  const { bytes, value } = field
  if (bytes === undefined) return String(value)
  if (bytes.length <= SHOWN_BYTES) return `bytes ${Buffer.from(bytes).toString('hex')}`
  return `${bytes.length} bytes, sha256 ${createHash('sha256').update(bytes).digest('hex')}`
}
