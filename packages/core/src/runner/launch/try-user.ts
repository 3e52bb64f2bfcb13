import { chownSync, mkdirSync, mkdtempSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { letPass, removeTree } from '../../disk/index.js'
import { GoregoError } from '../../errors/index.js'
import type { ActionUser } from '../action-user.js'
import { PrintedFiles } from '../printed-files.js'
import { NativeLauncher } from './native-launcher.js'
import { NodeLauncher } from './node-launcher.js'

export interface TryUserOptions {
  /** The native launcher's program; Node starts commands where there is none. */
  readonly launcher: string | undefined
  readonly user: ActionUser
  /** Where slots are: the try has a directory of its own in it. */
  readonly directory: string
}

/** By its path, as commands do that put paths together from $PWD. */
const SCRIPT = 'cd "$1" && : > written'

/**
 * Runs one command as a user, where input roots will be. Rejects with `failed-precondition` where we cannot become that user, or where the
 * user does not get there.
 */
export async function tryUser({ launcher: program, user, directory }: TryUserOptions): Promise<void> {
  const place = mkdtempSync(join(directory, 'try-'))
  const printed = new PrintedFiles(place, user)
  const launcher =
    program === undefined
      ? new NodeLauncher({ directory: place, printed, user, onStart: () => {} })
      : new NativeLauncher({ program, printed, user, onDeath: () => {} })
  try {
    letPass(place)
    const root = join(place, 'root')
    mkdirSync(root)
    chownSync(root, user.uid, user.gid)
    const argv = ['sh', '-c', SCRIPT, 'sh', root]
    const order = { program: '/bin/sh', argv, env: {}, workingDirectory: root }
    const { exitCode } = await launcher.launch(order).ended
    if (exitCode !== 0) throw unreachable(root, user)
  } catch (error) {
    throw error instanceof GoregoError ? error : cannotBecome(error as NodeJS.ErrnoException, user)
  } finally {
    launcher.end()
    removeTree(place)
  }
}

function cannotBecome(error: NodeJS.ErrnoException, { uid, gid }: ActionUser): GoregoError {
  const hint =
    error.code === 'EINVAL' || error.code === 'EPERM'
      ? ' (a container may not have that user, or forbid the change)'
      : ''
  return new GoregoError(
    'failed-precondition',
    `no command can be started as user ${uid}:${gid}: ${error.message}${hint}`,
    {
      cause: error,
    },
  )
}

function unreachable(root: string, { uid, gid }: ActionUser): GoregoError {
  const shut = pathsTo(root).find((path) => !mayPass(path, uid, gid))
  const why = shut === undefined ? 'its file system does not let it' : `it may not pass through ${shut}`
  return new GoregoError(
    'failed-precondition',
    `user ${uid}:${gid} does not get to where actions run, ${dirname(root)}: ${why}`,
  )
}

/** The topmost first. */
function pathsTo(path: string): string[] {
  const parent = dirname(path)
  return parent === path ? [path] : [...pathsTo(parent), path]
}

function mayPass(path: string, uid: number, gid: number): boolean {
  const stats = statSync(path)
  const bit = stats.uid === uid ? 0o100 : stats.gid === gid ? 0o010 : 0o001
  return (stats.mode & bit) !== 0
}
