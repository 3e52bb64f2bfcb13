import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 20

/** Looks again and again until it is so: for what another process does, or a file watch, and nobody tells. The test runner has the bound. */
export async function eventually(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await sleep(LOOK_MS)
}
