import type { LocalStore } from '../cas/index.js'
import { makeDirectories, Session } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import type { Logger } from '../observe/index.js'
import { type ActionUser, trySandbox } from '../runner/index.js'
import { chooseSandbox, type SandboxChoice, type SandboxSetup } from '../sandbox/index.js'
import { runnerProgram } from './runner-program.js'

/** Which sandbox is wanted, and what actions see of the machine in it. */
export interface OpenSandboxOptions {
  readonly store: LocalStore
  readonly choice: SandboxChoice
  /** Absolute paths that actions see beside the system's own directories, to be read only. */
  readonly mounts?: readonly string[]
  /** Who actions become in it; undefined for whoever runs this. */
  readonly user?: ActionUser
  /** As the LocalWorker's. */
  readonly buildRoot?: string
  /** As the LocalWorker's. */
  readonly runner?: string
  /** Is warned where `auto` finds none that works. */
  readonly logger?: Logger
}

/**
 * Finds the sandbox for a LocalWorker by trying it, where its slots will be; undefined for none. Throws `failed-precondition`
 * where `bubblewrap` is asked for and does not work, `invalid-argument` for mounts that cannot be.
 */
export async function openSandbox(options: OpenSandboxOptions): Promise<SandboxSetup | undefined> {
  const { store, user, buildRoot, runner, choice, mounts, logger } = options
  if (choice === 'none') return undefined
  const { launcher, sandboxInit } = runnerProgram(runner)
  if (buildRoot !== undefined) makeDirectories(buildRoot, { mode: 0o700 })
  return await chooseSandbox({
    choice,
    hidden: [store.layout.root, ...(buildRoot === undefined ? [] : [buildRoot])],
    init: launcher === undefined ? undefined : sandboxInit,
    attempt: async (setup) => {
      if (launcher === undefined) throw new GoregoError('internal', 'there is an init without a launcher')
      using session = buildRoot === undefined ? undefined : Session.open(buildRoot)
      const directory = session?.directory('try') ?? store.workDirectory('try')
      await trySandbox({ launcher, setup, user, directory })
    },
    ...(mounts === undefined ? {} : { mounts }),
    ...(logger === undefined ? {} : { logger }),
  })
}
