import { randomUUID } from 'node:crypto'
import { appendFile, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isProcessAlive, makeDirectories, processIdentity } from '../disk/index.js'

/** Whose it is, and which of theirs; or nobody's. What is taken over and not yet in another one is called `…-left`. */
const JOURNAL = /^(?:pending-(\d+-\d+)-\d+(?:-left)?|left-[\da-f-]+)$/

/** Where an executor writes down what it has still to store elsewhere. */
export interface ClaimedJournal {
  readonly path: string
  /** Nobody writes to it any more: if something is `pending` in it, it is left for who comes next. */
  release(pending: boolean): Promise<void>
}

/**
 * A file for a `JobJournal` of this executor's own, in a directory that several share; what those that are gone have left there is in
 * it. No lock is held: a file is taken over by renaming it, in which one succeeds.
 */
export async function claimJournal(directory: string): Promise<ClaimedJournal> {
  makeDirectories(directory, { mode: 0o700 })
  const own = await makeJournal(directory)
  for (const name of await readdir(directory)) {
    const match = JOURNAL.exec(name)
    if (match !== null && (match[1] === undefined || !isProcessAlive(match[1])))
      await takeOver(join(directory, name), own)
  }
  return {
    path: own,
    async release(pending) {
      if (pending) await rename(own, join(directory, `left-${randomUUID()}`))
      else await rm(own, { force: true })
    },
  }
}

/** Numbers that are taken belong to other executors of this process. */
async function makeJournal(directory: string): Promise<string> {
  for (let n = 0; ; n++) {
    const path = join(directory, `pending-${processIdentity()}-${n}`)
    try {
      await writeFile(path, '', { flag: 'wx', mode: 0o600 })
      return path
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
  }
}

/** Killed in between, we leave it under a name that the next process takes over in turn. */
async function takeOver(path: string, own: string): Promise<void> {
  const left = `${own}-left`
  try {
    await rename(path, left)
  } catch (error) {
    // Somebody else was faster.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  const text = await readFile(left, 'utf8')
  // A last line that was cut short is no job.
  await appendFile(own, text.slice(0, text.lastIndexOf('\n') + 1))
  await rm(left)
}
