import type { ServerLoad } from '../load/server-load.js'
import { allWorkloads } from './index.js'

export function findLoad(name: string): ServerLoad {
  const load = allWorkloads.find((workload) => workload.name === name)?.load
  if (load === undefined) throw new Error(`${name} is no workload that loads a server`)
  return load
}
