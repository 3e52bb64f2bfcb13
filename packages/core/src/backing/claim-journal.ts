import { randomUUID } from 'node:crypto'
import { appendFile, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isProcessAlive, makeDirectories, processIdentity } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'

/**
 * Whose it is, and which of theirs; or nobody's. What is taken over and not yet in another one is called `…-left`; `pending` alone is what a
 * server had before it claimed its own.
 */
const JOURNAL = /^(?:pending(?:-(\d+-\d+)-\d+(?:-left)?)?|left-[\da-f-]+)$/

/** Where an executor, or a server, writes down what it has still to store elsewhere. */
export interface ClaimedJournal {
  readonly path: string
  /** Nobody writes to it any more: if something is `pending` in it, it is left for who comes next. */
  release(pending: boolean): Promise<void>
}

/**
 * A file for a `JobJournal` of one's own, in a directory that several share; what those that are gone have left there is in
 * it. No lock is held: a file is taken over by renaming it, in which one succeeds. Throws a GoregoError that names the directory where it cannot
 * be used, and leaves there what was there.
 */
export async function claimJournal(directory: string): Promise<ClaimedJournal> {
  try {
    makeDirectories(directory, { mode: 0o700 })
    const own = await makeJournal(directory)
    const release = async (pending: boolean) => {
      if (pending) await rename(own, join(directory, `left-${randomUUID()}`))
      else await rm(own, { force: true })
    }
    try {
      await takeOverAll(directory, own)
    } catch (error) {
      const { size } = await stat(own)
      await release(size > 0)
      throw error
    }
    return { path: own, release }
  } catch (error) {
    const { code, details, message } = GoregoError.from(error)
    throw new GoregoError(
      code,
      `what is still to be stored elsewhere cannot be written down in ${directory}: ${message}; let this user write there, or remove what is in the way`,
      { cause: error, details },
    )
  }
}

/** Numbers that are taken belong to others of this process. */
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

async function takeOverAll(directory: string, own: string): Promise<void> {
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const match = JOURNAL.exec(entry.name)
    // What is no file is nobody's list.
    if (match === null || !entry.isFile()) continue
    if (match[1] === undefined || !isProcessAlive(match[1])) await takeOver(join(directory, entry.name), own)
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
  try {
    const text = await readFile(left, 'utf8')
    // A last line that was cut short is no job.
    await appendFile(own, text.slice(0, text.lastIndexOf('\n') + 1))
    await rm(left)
  } catch (error) {
    // The next of this process would write over it. What is in both is done twice.
    await rename(left, path)
    throw error
  }
}
