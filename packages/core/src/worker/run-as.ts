import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { GoregoError } from '../errors/index.js'
import type { ActionUser } from '../runner/index.js'

/** Who a worker's actions are run by, as `openIsolation` found it. Plain data. */
export interface RunAs {
  readonly uid: number
  readonly gid: number
  /** Whether each slot has a user of its own instead, beside this one. */
  readonly perSlot: boolean
}

/**
 * The first of the numbers that neither distributions, nor systemd, nor those who give out ranges for containers use. It is nobody's in
 * /etc/passwd.
 */
const FIRST_UID = 1_879_048_192

/** So many users a process has; there are that many for every process id that Linux gives out, below 2³¹. */
const PER_PROCESS = 64
const PROCESSES = 2 ** 22

let given = 0

/** One that is not in use for anything else. No process has the number 0, so these users are nobody's slot's. */
export const UNPRIVILEGED: RunAs = { uid: FIRST_UID, gid: FIRST_UID, perSlot: false }

/** The user of one more slot. */
export function slotUser({ uid, gid, perSlot }: RunAs): ActionUser {
  if (!perSlot) return { uid, gid, exclusive: false }
  // What comes after so many slots shares the last one.
  const n = Math.min(given++, PER_PROCESS - 1)
  const own = FIRST_UID + (process.pid % PROCESSES) * PER_PROCESS + n
  return { uid: own, gid: own, exclusive: n < PER_PROCESS - 1 }
}

const NUMBERS = /^(\d{1,10})(?::(\d{1,10}))?$/
const HIGHEST = 2 ** 32 - 2

/** The user that a setting names: `name`, `uid` or `uid:gid`. Throws `failed-precondition` where there is none. */
export async function findUser(text: string): Promise<RunAs> {
  const [, uid, gid] = NUMBERS.exec(text) ?? []
  if (uid === undefined) return { uid: await ask('-u', text), gid: await ask('-g', text), perSlot: false }
  const numbers = { uid: Number(uid), gid: Number(gid ?? (await ask('-g', uid).catch(() => uid))) }
  if (numbers.uid > HIGHEST || numbers.gid > HIGHEST) throw noUser(text)
  return { ...numbers, perSlot: false }
}

/** The system knows where else than in /etc/passwd users are. */
async function ask(what: '-u' | '-g', user: string): Promise<number> {
  const { stdout } = await promisify(execFile)('id', [what, '--', user]).catch((cause) => {
    throw noUser(user, cause)
  })
  return Number(stdout)
}

function noUser(text: string, cause?: unknown): GoregoError {
  return new GoregoError(
    'failed-precondition',
    `there is no user ${JSON.stringify(text.slice(0, 100))} on this machine`,
    {
      cause,
    },
  )
}
