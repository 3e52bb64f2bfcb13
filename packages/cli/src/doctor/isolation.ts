import { GoregoError, LocalStore, nativeLauncher, openIsolation } from '@gorego/core'
import type { Finding } from './finding.js'

/** What starts commands on this machine, and what they run in. `dir` is one to try it in. */
export async function checkIsolation(dir: string): Promise<Finding[]> {
  const isNative = nativeLauncher() !== undefined
  const launcher: Finding = {
    about: 'launcher',
    level: isNative ? 'ok' : 'warn',
    message: isNative ? 'the one in C' : 'none in C for this machine: Node starts commands',
    ...(!isNative && {
      nextStep: 'npm run build where there is a C compiler: actions start faster, and can have a sandbox',
    }),
  }
  return [launcher, await sandbox(dir)]
}

/** With the user in it that a server would have actions run by. */
async function sandbox(dir: string): Promise<Finding> {
  const about = 'sandbox'
  using store = await LocalStore.open({ dir })
  await store.loaded
  try {
    const { runAs } = await openIsolation({ store, choice: 'bubblewrap', runAs: 'auto' })
    const by = runAs === undefined ? '' : `, and actions in it are run by user ${runAs.uid}`
    return { about, level: 'ok', message: `bubblewrap works${by}` }
  } catch (error) {
    const message = GoregoError.from(error).message.replace(/^.*does not work here: /, '')
    const nextStep =
      'without it actions can do whatever their user can; execution.sandbox: none says that this is meant'
    return { about, level: 'warn', message: `bubblewrap does not work: ${message}`, nextStep }
  }
}
