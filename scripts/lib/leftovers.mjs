// What a test left behind when its process had ended: processes and files.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** The environment variable by which descendants of a test are known, even when they have left its process group. */
export const marker = 'GOREGO_TEST_RUN'

/** Descriptions of the processes that a test left and that do not end within `grace` milliseconds; they are killed. */
export async function endProcesses({ group, run, directory, grace }) {
  let found = findProcesses({ group, run, directory })
  for (const until = Date.now() + grace; found.length > 0 && Date.now() < until; ) {
    await sleep(50)
    found = findProcesses({ group, run, directory })
  }
  for (const { pid } of found) kill(pid)
  kill(-group)
  // What is being killed may still be writing a file into the directory that goes next.
  if (found.length > 0) await sleep(50)
  return found.map(({ pid, command }) => `${command} (pid ${pid})`)
}

function findProcesses(wanted) {
  const pids = processIds()
  // Without /proc we can only ask whether the group has a member.
  if (pids.length === 0)
    return isAlive(-wanted.group) ? [{ pid: -wanted.group, command: 'a process of its group' }] : []
  return pids
    .filter((pid) => pid !== process.pid && belongs(pid, wanted))
    .map((pid) => ({ pid, command: commandOf(pid) }))
}

// A sandboxed action gets an environment and a group of its own; where it works still tells whose it is.
function belongs(pid, { group, run, directory }) {
  const [state, , processGroup] = stat(pid)
  if (state === undefined || state === 'Z' || state === 'X') return false
  if (Number(processGroup) === group) return true
  if (`\0${read(`/proc/${pid}/environ`)}`.includes(`\0${marker}=${run}\0`)) return true
  return `${workingDirectory(pid)}/`.startsWith(`${directory}/`)
}

function processIds() {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

// The fields behind the command's name, which itself may contain spaces and parentheses: state, parent, group, …
const stat = (pid) => read(`/proc/${pid}/stat`).split(') ').at(-1).split(' ').filter(Boolean)

const commandOf = (pid) => read(`/proc/${pid}/cmdline`).split('\0').join(' ').trim().slice(0, 200) || 'a process'

function read(path) {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function workingDirectory(pid) {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).replace(/ \(deleted\)$/, '')
  } catch {
    return ''
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** SIGKILL for a process, or for a group given as a negative number; whether it was still there does not matter. */
export function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** Removes a test's temporary directory and names what was still in it, besides what the runner put there. */
export function removeDirectory(directory, { besides = [] } = {}) {
  const names = readdirSync(directory).filter((name) => !besides.includes(name))
  try {
    rmSync(directory, { recursive: true, force: true })
  } catch {
    // Staged input trees may be read-only.
    spawnSync('chmod', ['-R', 'u+rwx', directory])
    rmSync(directory, { recursive: true, force: true })
  }
  return names
}
