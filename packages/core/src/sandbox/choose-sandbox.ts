import { accessSync, constants } from 'node:fs'
import { GoregoError } from '../errors/index.js'
import { type Logger, silentLogger } from '../observe/index.js'
import { viewOfHost } from './host-view.js'
import type { SandboxSetup } from './sandbox.js'

/** `auto`: bubblewrap where it works. */
export type SandboxChoice = 'auto' | 'bubblewrap' | 'none'

export interface ChooseSandboxOptions {
  readonly choice: SandboxChoice
  /** Absolute paths that actions see beside the system's own directories. */
  readonly mounts?: readonly string[]
  /** Directories that no action may see. */
  readonly hidden: readonly string[]
  /** The path of sandbox-init, where this package has one for this machine. */
  readonly init: string | undefined
  /** Runs a command in it; rejects where that does not work. */
  readonly attempt: (setup: SandboxSetup) => Promise<void>
  readonly logger?: Logger
}

/** Where distributions put it. Not the PATH: whoever can change that could put something else in its place. */
const PLACES = ['/usr/bin/bwrap', '/usr/local/bin/bwrap', '/bin/bwrap', '/run/current-system/sw/bin/bwrap']

/**
 * The sandbox that actions get; undefined for none. Whether bubblewrap works depends on kernel, distribution and
 * whatever container we are in, so it is tried. Throws `failed-precondition` where it was asked for and does not work.
 */
export async function chooseSandbox(options: ChooseSandboxOptions): Promise<SandboxSetup | undefined> {
  const { choice, mounts, hidden, logger = silentLogger } = options
  if (choice === 'none') return undefined
  const host = viewOfHost({ hidden, ...(mounts === undefined ? {} : { mounts }) })
  try {
    return await attempts({ ...programs(options.init), host }, options.attempt, logger)
  } catch (error) {
    const { message } = GoregoError.from(error)
    if (choice === 'bubblewrap') {
      throw new GoregoError(
        'failed-precondition',
        `actions were to run in bubblewrap (execution.sandbox), which does not work here: ${message}`,
        { cause: error },
      )
    }
    const told = { why: message, to_say_so_for_good: 'execution.sandbox: none' }
    logger.warn('actions run without a sandbox: they can do whatever the user can who runs this server', told)
    return undefined
  }
}

/** Some systems let bubblewrap make namespaces, and nothing in them. */
async function attempts(
  parts: Omit<SandboxSetup, 'kept'>,
  attempt: ChooseSandboxOptions['attempt'],
  logger: Logger,
): Promise<SandboxSetup> {
  const kept = { ...parts, kept: true }
  const forEach = { ...parts, kept: false }
  try {
    await attempt(kept)
    return kept
  } catch (error) {
    await attempt(forEach)
    const { message } = GoregoError.from(error)
    logger.info('each action has a sandbox made for it, which costs some 5 ms of CPU: none can be kept', {
      why: message,
    })
    return forEach
  }
}

function programs(init: string | undefined): Pick<SandboxSetup, 'program' | 'init'> {
  if (process.platform !== 'linux') throw unavailable('it needs Linux')
  const program = PLACES.find(isProgram)
  if (program === undefined) throw unavailable('it is not installed (apt-get install bubblewrap, or the like)')
  if (init === undefined) {
    throw unavailable(
      'it needs the native launcher, which this package was built without (apt-get install gcc libc6-dev, and build again)',
    )
  }
  return { program, init }
}

function unavailable(why: string): GoregoError {
  return new GoregoError('failed-precondition', why)
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
