import type { Findings } from './difference.js'

/** Above as many pairs, where things were moved to is not looked for: it would take tens of milliseconds. */
const MOST_PAIRS = 250_000

/** A run of elements that is not alike, as places in each list: from, up to but not including. */
interface Change {
  readonly before: readonly [from: number, to: number]
  readonly after: readonly [from: number, to: number]
}

/** Arguments: what was put in, left out or replaced, by the place that it has in the first list (in the second, if it is new). */
export function compareLists(before: readonly string[], after: readonly string[], findings: Findings): void {
  for (const { before: old, after: young } of changesBetween(before, after)) {
    const length = Math.max(old[1] - old[0], young[1] - young[0])
    for (let n = 0; n < length && !findings.full; n++) {
      const [left, right] = [old[0] + n, young[0] + n]
      const isOld = left < old[1]
      const isYoung = right < young[1]
      findings.compare(
        'argument',
        String(isOld ? left : right),
        isOld ? before[left] : undefined,
        isYoung ? after[right] : undefined,
      )
    }
  }
}

function changesBetween(before: readonly string[], after: readonly string[]): Change[] {
  let start = 0
  const shorter = Math.min(before.length, after.length)
  while (start < shorter && before[start] === after[start]) start++
  let same = 0
  while (same < shorter - start && before.at(-1 - same) === after.at(-1 - same)) same++
  const [left, right] = [before.slice(start, before.length - same), after.slice(start, after.length - same)]
  if (left.length === 0 && right.length === 0) return []
  const whole: Change = { before: [start, start + left.length], after: [start, start + right.length] }
  // Of the same length, most are replaced in their place; and where there is too much, that is said instead of computed.
  if (left.length === right.length || left.length * right.length > MOST_PAIRS) return [whole]
  return [...gaps(commonPairs(left, right), left.length, right.length)].map((gap) => shifted(gap, start))
}

/** Places of a longest list of elements that both have, in order: by the textbook table of lengths of common tails. */
function* commonPairs(left: readonly string[], right: readonly string[]): Generator<readonly [number, number]> {
  const width = right.length + 1
  const longest = new Uint32Array((left.length + 1) * width)
  const at = (i: number, j: number) => longest[i * width + j] ?? 0
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      longest[i * width + j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1))
    }
  }
  for (let [i, j] = [0, 0]; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) yield [i++, j++]
    else if (at(i + 1, j) >= at(i, j + 1)) i++
    else j++
  }
}

/** What is between the elements that both have. */
function* gaps(common: Iterable<readonly [number, number]>, left: number, right: number): Generator<Change> {
  let [i, j] = [0, 0]
  for (const [nextLeft, nextRight] of [...common, [left, right] as const]) {
    if (nextLeft > i || nextRight > j) yield { before: [i, nextLeft], after: [j, nextRight] }
    i = nextLeft + 1
    j = nextRight + 1
  }
}

function shifted({ before, after }: Change, by: number): Change {
  return { before: [before[0] + by, before[1] + by], after: [after[0] + by, after[1] + by] }
}
