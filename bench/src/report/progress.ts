import type { RoundRow } from '../run/run-rounds.js'
import { figure } from './figure.js'

/** While a run of several rounds or servers lasts. */
export function progressLine({ round, workload, server, perSecond, serverCpuMs }: RoundRow, rounds: number): string {
  return `${round}/${rounds}  ${workload.padEnd(22)}  ${server}: ${figure(perSecond)} per s, ${figure(serverCpuMs)} CPU ms`
}
