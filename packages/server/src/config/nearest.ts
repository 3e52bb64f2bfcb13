/** The name that somebody may have meant who wrote `name`; undefined if none is close. Case and separators hardly count. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = bare(name)
  let best: { name: string; distance: number } | undefined
  for (const candidate of known) {
    const distance = editDistance(wanted, bare(candidate))
    if (best === undefined || distance < best.distance) best = { name: candidate, distance }
  }
  return best !== undefined && best.distance <= Math.max(1, Math.floor(wanted.length / 3)) ? best.name : undefined
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '')
}

/** How many letters to add, drop, change or swap with their neighbour to make one from the other. */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: to.length + 1 }, (_, n) => n)
  for (let i = 0; i < from.length; i++) {
    const row = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const change = at(last, j) + (from[i] === to[j] ? 0 : 1)
      const swapped = i > 0 && j > 0 && from[i] === to[j - 1] && from[i - 1] === to[j]
      const swap = swapped ? at(beforeLast, j - 1) + 1 : Number.POSITIVE_INFINITY
      row.push(Math.min(change, swap, at(last, j + 1) + 1, at(row, j) + 1))
    }
    beforeLast = last
    last = row
  }
  return at(last, to.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? 0
}
