/** The name that somebody may have meant who wrote `name`; undefined if none is close. Case and separators hardly count. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  const wanted = bare(name)
  let best: { name: string; distance: number } | undefined
  for (const candidate of known) {
    const distance = editDistance(wanted, bare(candidate))
    if (best === undefined || distance < best.distance) best = { name: candidate, distance }
  }
  return best !== undefined && best.distance <= Math.ceil(wanted.length / 3) ? best.name : undefined
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]/g, '')
}

/** Levenshtein: how many letters to add, drop or change to make one from the other. */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, n) => n)
  for (const [i, letter] of [...from].entries()) {
    const next = [i + 1]
    for (let j = 0; j < to.length; j++) {
      const change = (row[j] ?? 0) + (letter === to[j] ? 0 : 1)
      next.push(Math.min(change, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
