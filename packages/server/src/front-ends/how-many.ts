/** Up to so many CPUs one process is enough, and better: the actions need them. */
const CPUS_OF_ONE = 4

const CPUS_EACH = 4
const MOST = 16

/** How many processes speak gRPC: as configured, or for 0 what fits a machine with so many CPUs. */
export function howManyFrontEnds(configured: number, cpus: number): number {
  if (configured > 0) return configured
  return cpus <= CPUS_OF_ONE ? 1 : Math.min(MOST, Math.max(2, Math.round(cpus / CPUS_EACH)))
}
