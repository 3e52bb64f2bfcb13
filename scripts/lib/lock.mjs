// One process at a time installs and builds, however many `gorego start` are typed at once.
import { mkdirSync, readlinkSync, rmdirSync, statSync, symlinkSync, unlinkSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

// A symbolic link whose target is the owner's pid: made and filled in one atomic step, so a lock never is without its owner.

const patience = 10 * 60_000
const abandonedAfter = 10_000

/** Runs `work` while holding the lock at `path`. `onWait(pid)` is called once if somebody else has it. */
export async function withLock(path, work, { onWait = () => {}, giveUpAfter = patience } = {}) {
  await take(path, onWait, giveUpAfter)
  try {
    return await work()
  } finally {
    if (owner(path) === process.pid) unlinkSync(path)
  }
}

async function take(path, onWait, giveUpAfter) {
  mkdirSync(dirname(path), { recursive: true })
  const started = Date.now()
  for (let waited = false; !tryTake(path); ) {
    const pid = owner(path)
    if (pid === undefined) continue
    if (!isAlive(pid)) {
      clearDead(path)
      await sleep(10)
      continue
    }
    if (Date.now() - started > giveUpAfter) {
      throw new Error(
        `process ${pid} has held ${path} for too long. If it is not ours, delete that file and try again.`,
      )
    }
    if (!waited) onWait(pid)
    waited = true
    await sleep(100)
  }
}

function tryTake(path) {
  try {
    symlinkSync(String(process.pid), path)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

function owner(path) {
  try {
    return Number(readlinkSync(path))
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function isAlive(pid) {
  // Our own number in a lock that we do not hold is from an earlier life, as in a container where every start is pid 7.
  if (!(pid > 0) || pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error.code === 'EPERM'
  }
}

// Two processes may find the same dead owner. Without the second lock the slower one could delete the quicker one's new lock.
function clearDead(path) {
  const guard = `${path}.takeover`
  try {
    mkdirSync(guard)
  } catch (error) {
    if (error.code !== 'EEXIST') throw error
    if (isAbandoned(guard)) ignoreMissing(() => rmdirSync(guard))
    return
  }
  const pid = owner(path)
  if (pid !== undefined && !isAlive(pid)) unlinkSync(path)
  ignoreMissing(() => rmdirSync(guard))
}

function isAbandoned(guard) {
  try {
    return Date.now() - statSync(guard).mtimeMs > abandonedAfter
  } catch {
    return false
  }
}

function ignoreMissing(action) {
  try {
    action()
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
  }
}
