import { mkdirSync, mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { removeTree } from '../../disk/index.js'
import { GoregoError } from '../../errors/index.js'
import type { SandboxSetup } from '../../sandbox/index.js'
import type { ActionUser } from '../action-user.js'
import { PrintedFiles } from '../printed-files.js'
import { SlotSandbox } from '../slot-sandbox.js'
import { NativeLauncher } from './native-launcher.js'

/** Some 10 ms are enough on a machine that has nothing else to do. */
const LIMIT_MS = 20_000

export interface TrySandboxOptions {
  /** The native launcher's program. */
  readonly launcher: string
  readonly setup: SandboxSetup
  /** Who actions are run by; undefined for whoever runs this. */
  readonly user?: ActionUser | undefined
  /** Where slots are: the try has a directory of its own in it. */
  readonly directory: string
}

/** Runs one command in a sandbox, just as every action will be. Rejects with what went wrong, in the words of whoever noticed. */
export async function trySandbox({ launcher: program, setup, user, directory }: TrySandboxOptions): Promise<void> {
  const place = mkdtempSync(join(directory, 'try-'))
  const printed = new PrintedFiles(place)
  const onDeath = () => {}
  const launcher = new NativeLauncher({ program, printed, user, onDeath })
  try {
    const root = join(place, 'root')
    mkdirSync(root)
    const sandbox = new SlotSandbox(setup, join(place, 'tmp'), user)
    // The answer comes from within the sandbox, whether there is such a program or not.
    const order = { program: '/bin/true', argv: ['true'], env: {}, workingDirectory: sandbox.inside(root, root) }
    const launched = launcher.launch({ ...order, sandbox: sandbox.enter(root, false) })
    const timer = setTimeout(() => launched.signal('SIGKILL'), LIMIT_MS)
    const end = await launched.ended.catch(orAnswered).finally(() => clearTimeout(timer))
    if (end?.signal !== undefined) {
      throw new GoregoError('deadline-exceeded', `a command that does nothing took longer than ${LIMIT_MS / 1000} s`)
    }
  } finally {
    launcher.end()
    removeTree(place)
  }
}

/** There need not be such a program. */
function orAnswered(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error
}
