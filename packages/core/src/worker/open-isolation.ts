import { Session } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { silentLogger } from '../observe/index.js'
import { tryUser } from '../runner/index.js'
import type { SandboxSetup } from '../sandbox/index.js'
import { type OpenSandboxOptions, openSandbox } from './open-sandbox.js'
import { findUser, type RunAs, UNPRIVILEGED } from './run-as.js'
import { runnerProgram } from './runner-program.js'

/** What actions are to run in, and who is to run them, beside where that is tried. */
export interface OpenIsolationOptions extends Omit<OpenSandboxOptions, 'user'> {
  /**
   * Who actions are run by. `unprivileged`: nobody else; with a sandbox one user for all, else one for each slot. `auto`: the same where
   * we are root and it works. `root`: root. Anything else names a user: `name`, `uid` or `uid:gid`. Undefined: whoever we are.
   */
  readonly runAs?: string
}

/** What stands between an action, the machine and other actions. */
export interface Isolation {
  readonly sandbox?: SandboxSetup
  /** Absent where actions are run by whoever we are. */
  readonly runAs?: RunAs
}

/**
 * Finds both for a LocalWorker, by trying them together where its slots will be. Throws as `openSandbox` does, and `failed-precondition` where
 * actions cannot be run by whom they should.
 */
export async function openIsolation(options: OpenIsolationOptions): Promise<Isolation> {
  const { runAs: choice, logger = silentLogger } = options
  const wanted = await wantedUser(choice)
  if (wanted === undefined) return sandboxed(await openSandbox(options))
  const sandbox = await openSandbox({ ...options, user: { ...wanted, exclusive: false } })
  // A sandbox that works was tried with that user in it, and slots see nothing of each other.
  if (sandbox !== undefined) return { sandbox, runAs: wanted }
  try {
    await tryOutside(options, wanted)
    return { runAs: { ...wanted, perSlot: wanted === UNPRIVILEGED } }
  } catch (error) {
    const { message } = GoregoError.from(error)
    if (choice !== 'auto') throw notPossible(choice, message, error)
    logger.warn('actions are run by root: nobody else can run them here', {
      why: message,
      instead: 'a directory that others may pass through (--dir, execution.build_root), or bubblewrap',
      to_say_so_for_good: 'execution.run_as: root',
    })
    // What did not work with another user may work without.
    return sandboxed(await openSandbox(options))
  }
}

async function wantedUser(choice: string | undefined): Promise<RunAs | undefined> {
  if (choice === undefined) return undefined
  const isRoot = process.geteuid?.() === 0
  if (choice === 'auto') return isRoot ? UNPRIVILEGED : undefined
  if (!isRoot)
    throw notPossible(choice, 'only root can run actions as somebody else: start it as root, or leave that out')
  if (choice === 'unprivileged') return UNPRIVILEGED
  const user = await findUser(choice).catch((error) => {
    throw notPossible(choice, GoregoError.from(error).message, error)
  })
  return user.uid === 0 ? undefined : user
}

async function tryOutside({ store, buildRoot, runner }: OpenIsolationOptions, user: RunAs): Promise<void> {
  using session = buildRoot === undefined ? undefined : Session.open(buildRoot)
  const directory = session?.passableDirectory('try') ?? store.passableDirectory('try')
  await tryUser({ launcher: runnerProgram(runner).launcher, user: { ...user, exclusive: false }, directory })
}

function sandboxed(sandbox: SandboxSetup | undefined): Isolation {
  return sandbox === undefined ? {} : { sandbox }
}

function notPossible(choice: string | undefined, why: string, cause?: unknown): GoregoError {
  const message = `actions were to be run by ${JSON.stringify(choice)} (execution.run_as), which does not work here: ${why}`
  return new GoregoError('failed-precondition', message, { cause })
}
