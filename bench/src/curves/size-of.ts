import type { Workload } from '../workload.js'

/** The number at the end of its name: what the horizontal axis shows. */
export function sizeOf({ name }: Workload): number {
  return Number(name.slice(name.lastIndexOf('-') + 1))
}
