/**
 * The program of a slot's child process: takes one job at a time from the main process, does everything that the job
 * costs in files and processes, mostly synchronously, and answers. Small on purpose: a fork copies the page tables of
 * whoever forks, so a command is started from here and never from the main process (docs/architecture.md).
 */
import { existsSync, mkdirSync } from 'node:fs'
import { onDiskOf, removeTree, StoreLayout } from '../disk/index.js'
import { BlobFiles } from './blob-files.js'
import { failureOf } from './explain.js'
import { killSession } from './kill-session.js'
import { perform } from './perform.js'
import { type FromRunner, type Job, type JobReply, type RunnerSetup, type ToRunner, toPlainDigest } from './protocol.js'

interface Running {
  readonly job: Job
  readonly abort: AbortController
  processGroup?: number
}

let setup: RunnerSetup | undefined
let blobs: BlobFiles | undefined
let running: Running | undefined
const copied = new Set<string>()
/** Where jobs are laid out. */
let place = ''
let abandoned = 0

process.umask(0o022)
process.on('message', (message: ToRunner) => {
  if (message.kind === 'setup') {
    setup = message
    place = cleaned(message.directory)
  } else if (message.kind === 'copy') {
    for (const key of message.keys) copied.add(key)
  } else if (message.kind === 'cancel') {
    if (running?.job.id === message.id) running.abort.abort()
  } else {
    void work(message)
  }
})

// The main process is gone, however that came: leave nothing running. (It, or the next one, removes the directories.)
process.on('disconnect', () => {
  killSession(running?.processGroup)
  process.exit(0)
})

// Ctrl-C in a terminal reaches us too; when to stop is the main process's decision.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

async function work(job: Job): Promise<void> {
  if (setup === undefined) throw new Error('a job came before the setup')
  const { workerName, policy } = setup
  running = { job, abort: new AbortController() }
  const onStart = (processGroup: number) => {
    if (running !== undefined) running.processGroup = processGroup
    send({ kind: 'started', id: job.id, processGroup })
  }
  let reply: JobReply
  try {
    blobs ??= blobFiles(setup)
    blobs.reset()
    place = unused(place)
    reply = await perform(job, { blobs, copied, directory: place, workerName, policy, onStart }, running.abort.signal)
  } catch (thrown) {
    reply = { kind: 'failed', failure: failureOf(thrown) }
  }
  const stored = blobs?.stored.map(({ digest, variant }) => ({ digest: toPlainDigest(digest), variant })) ?? []
  running = undefined
  send({ kind: 'reply', id: job.id, reply, stored })
  // The answer is on its way; cleaning up costs the slot's time, not the client's.
  place = cleaned(place)
  send({ kind: 'idle', id: job.id })
}

/** What a runner before us, when it died, was about to put into the store is of no use to anybody. */
function blobFiles({ storeRoot, temporary }: RunnerSetup): BlobFiles {
  return onDiskOf(`the cache, ${storeRoot}`, () => {
    removeTree(temporary)
    mkdirSync(temporary, { recursive: true })
    return new BlobFiles(new StoreLayout(storeRoot), temporary)
  })
}

/** Where somebody who got away makes again what we removed, it is left to him. */
function unused(directory: string): string {
  return existsSync(directory) ? another() : directory
}

function another(): string {
  // Still inside the slot's directory: the main process looks there for what outlives us.
  return `${setup?.directory}/${process.pid}-${abandoned++}`
}

/**
 * A directory for the next job: the same one, without what the last job left (or a runner before us, when it died). Where
 * that cannot be removed, because a process that got away keeps writing there, it is left for whoever sweeps next.
 */
function cleaned(directory: string): string {
  try {
    removeTree(directory)
    return directory
  } catch {
    return another()
  }
}

function send(message: FromRunner): void {
  process.send?.(message)
}
