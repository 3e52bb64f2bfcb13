/**
 * The program of a slot's child process: takes one job at a time from the main process, does everything that the job
 * costs in files and processes, mostly synchronously, and answers. Small on purpose: a fork copies the page tables of
 * whoever forks, so a command is started from here and never from the main process (docs/architecture.md).
 */
import { mkdirSync, writeSync } from 'node:fs'
import { onDiskOf, removeTree, StoreLayout } from '../disk/index.js'
import { IdleCollector } from '../heap/index.js'
import { BlobFiles } from './blob-files.js'
import { DirectoryReader } from './directory-reader.js'
import { failureOf } from './explain.js'
import { InputFiles } from './input-files.js'
import { InputRoot } from './input-root.js'
import { areInputsSafe } from './inputs-are-safe.js'
import type { Launcher } from './launch/launcher.js'
import { Leftovers } from './launch/leftovers.js'
import { NativeLauncher } from './launch/native-launcher.js'
import { NodeLauncher } from './launch/node-launcher.js'
import { perform, type Workplace } from './perform.js'
import { PrintedFiles } from './printed-files.js'
import { PrintedFollower } from './printed-follower.js'
import type { FromRunner, Job, JobReply, RunnerSetup, ToRunner } from './protocol.js'
import { SlotSandbox } from './slot-sandbox.js'
import { toStoredFiles } from './stored-files.js'

interface Running {
  readonly job: Job
  readonly abort: AbortController
  readonly follower: PrintedFollower
}

let setup: RunnerSetup | undefined
let workplace: Workplace | undefined
let running: Running | undefined
const copied = new Set<string>()
const idleCollector = new IdleCollector()

process.umask(0o022)
process.on('message', (message: ToRunner) => {
  if (message.kind === 'setup') {
    setup = message
  } else if (message.kind === 'copy') {
    for (const key of message.keys) copied.add(key)
    workplace?.root.distrust()
  } else if (message.kind === 'job') {
    void work(message)
  } else if (message.id !== running?.job.id) {
    // It has ended meanwhile.
  } else if (message.kind === 'cancel') {
    running.abort.abort()
  } else if (message.kind === 'listen') {
    running.follower.begin()
  } else {
    running.follower.taken()
  }
})

// The main process is gone, however that came: leave nothing running. (It, or the next one, removes the directories.)
process.on('disconnect', () => {
  workplace?.launcher.end()
  process.exit(0)
})

// Ctrl-C in a terminal reaches us too; when to stop is the main process's decision.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

async function work(job: Job): Promise<void> {
  if (setup === undefined) throw new Error('a job came before the setup')
  idleCollector.begin()
  using follower = new PrintedFollower((piece) => send({ kind: 'printed', id: job.id, piece }))
  const current: Running = { job, abort: new AbortController(), follower }
  running = current
  let reply: JobReply
  try {
    workplace ??= workplaceOf(setup)
    workplace.blobs.reset()
    reply = await perform(job, workplace, follower, current.abort.signal)
  } catch (thrown) {
    reply = { kind: 'failed', failure: failureOf(thrown) }
  }
  const stored = toStoredFiles(workplace?.blobs.stored ?? [])
  running = undefined
  send({ kind: 'reply', id: job.id, reply, stored })
  // The answer is on its way; putting things in order costs the slot's time, not the client's.
  workplace?.root.restore((inode) => workplace?.blobs.isOutput(inode) === true)
  workplace?.sandbox?.restore()
  send({ kind: 'idle', id: job.id })
  idleCollector.end()
}

function workplaceOf(setup: RunnerSetup): Workplace {
  const { storeRoot, temporary, directory, workerName, policy, sandbox, user } = setup
  return onDiskOf(`the cache, ${storeRoot}`, () => {
    // What a runner before us, when it died, was about to write is of no use to anybody.
    const prints = `${directory}.printed`
    const actionsTemporary = `${directory}.tmp`
    removeTree(actionsTemporary)
    for (const own of [temporary, prints]) {
      removeTree(own)
      mkdirSync(own, { recursive: true })
    }
    const layout = new StoreLayout(storeRoot)
    const blobs = new BlobFiles(layout, temporary, user)
    const files = new InputFiles(layout, blobs)
    const directories = new DirectoryReader(blobs, policy)
    const inputsAreSafe = areInputsSafe(setup)
    const root = new InputRoot({ directory, files, directories, copied, user, inputsAreSafe })
    const printed = new PrintedFiles(prints, user)
    const walls = sandbox && new SlotSandbox(sandbox, actionsTemporary, user)
    return { blobs, root, printed, launcher: launcherOf(setup, printed), sandbox: walls, user, workerName, policy }
  })
}

function launcherOf({ launcher: program, directory, user }: RunnerSetup, printed: PrintedFiles): Launcher {
  if (program !== undefined) return new NativeLauncher({ program, printed, user, onDeath })
  const onStart = (processGroup: number) => {
    if (running !== undefined) send({ kind: 'started', id: running.job.id, processGroup })
  }
  return new NodeLauncher({ directory, printed, user, onStart })

  // As if we had died ourselves: the main process cleans up, and has the action run again.
  function onDeath(why: string): void {
    new Leftovers(directory, printed, user).end(undefined, Number.POSITIVE_INFINITY)
    writeSync(process.stderr.fd, `the launcher ended: ${why}\n`)
    process.exit(1)
  }
}

function send(message: FromRunner): void {
  process.send?.(message)
}
