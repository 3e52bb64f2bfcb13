import type { ServerLoad } from '../load/server-load.js'
import { growStore } from './grow-store.js'
import { allWorkloads } from './index.js'

const GROW_STORE = /^grow-store-(\d+)$/

/** In the load generator: what it was told by name. */
export function findLoad(name: string): ServerLoad {
  const blobs = GROW_STORE.exec(name)?.[1]
  const load = blobs === undefined ? allWorkloads.find((one) => one.name === name)?.load : growStore(Number(blobs)).load
  if (load === undefined) throw new Error(`${name} is no workload that loads a server`)
  return load
}
