import type { Arguments } from './arguments.js'
import type { Workload } from './workload.js'

interface Named {
  readonly name: string
}

/** Those that were asked for by name or the beginning of it; otherwise the usual ones, and the long ones with --full. */
export function choose(
  usual: readonly Workload[],
  byName: readonly Workload[],
  { only, full, remote }: Pick<Arguments, 'only' | 'full' | 'remote'>,
): readonly Workload[] {
  const chosen = only.length > 0 ? chooseNamed(byName, only) : usual.filter((workload) => full || !workload.full)
  return chosen.filter((workload) => remote === undefined || !workload.local)
}

/** In the list's order, whatever the order of the names. */
export function chooseNamed<T extends Named>(list: readonly T[], names: readonly string[]): readonly T[] {
  const wanted = new Set(names.flatMap((name) => matching(name, list)))
  return list.filter((one) => wanted.has(one))
}

function matching<T extends Named>(name: string, list: readonly T[]): readonly T[] {
  const exactly = list.filter((one) => one.name === name)
  const found = exactly.length > 0 ? exactly : list.filter((one) => one.name.startsWith(name))
  if (found.length > 0) return found
  throw new Error(`there is no workload ${name}: ${list.map((one) => one.name).join(', ')}`)
}
