import { GoregoError } from '../errors/index.js'
import { WorkerRig } from './worker-rig.js'

/** Why actions cannot be run in bubblewrap here; undefined where they can. */
export async function whyNoBubblewrap(): Promise<string | undefined> {
  try {
    await using _ = await WorkerRig.open({}, [])
    return undefined
  } catch (error) {
    return GoregoError.from(error).message
  }
}
