import { lstatSync } from 'node:fs'
import { type Digest, isEmptyBlob } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage, toDigestMessage } from '../proto/digests.js'
import { Action, ActionResult, Command, ExecutedActionMetadata } from '../proto/messages.js'
import { durationFromMillis, timestampFromMillis } from '../proto/time.js'
import type { BlobFiles } from './blob-files.js'
import { RootedDirectories, segmentsOf } from './hostile-paths.js'
import { stageInputRoot } from './input-root.js'
import { collectOutputs, type DeclaredOutput, declaredOutputs } from './outputs.js'
import { findProgram } from './program.js'
import { fromPlainDigest, type Job, type JobReply, type PlainFailure, toPlainDigest } from './protocol.js'
import { type CommandEnd, runCommand } from './run-command.js'
import { Stamps } from './stamps.js'

/** What a runner has at hand for every job. */
export interface Workplace {
  readonly blobs: BlobFiles
  /** Keys of the inputs that must not share an inode with the store. */
  readonly copied: ReadonlySet<string>
  /** Empty, and emptied again after the job. */
  readonly directory: string
  readonly workerName: string
  readonly onStart: (processGroup: number) => void
}

/** One action from its digest to its result: stage, run, check the inputs, collect. What fails is a reply, not a throw. */
export async function perform(job: Job, workplace: Workplace, signal: AbortSignal): Promise<JobReply> {
  try {
    return await new Performance(job, workplace).perform(signal)
  } catch (thrown) {
    return { kind: 'failed', failure: explain(thrown) }
  }
}

class Performance {
  readonly #job: Job
  readonly #workplace: Workplace
  readonly #stamps: Stamps
  readonly #metadata = new ExecutedActionMetadata()
  readonly #root: string

  constructor(job: Job, workplace: Workplace) {
    this.#job = job
    this.#workplace = workplace
    this.#stamps = new Stamps(job.queuedAt)
    this.#root = `${workplace.directory}/root`
    this.#metadata.setWorker(workplace.workerName)
    this.#metadata.setQueuedTimestamp(timestampFromMillis(job.queuedAt))
    this.#metadata.setWorkerStartTimestamp(this.#now())
  }

  async perform(signal: AbortSignal): Promise<JobReply> {
    this.#metadata.setInputFetchStartTimestamp(this.#now())
    const action = fromPlainDigest(this.#job.action)
    const inputs = this.#stage(action)
    if (Array.isArray(inputs)) return { kind: 'missing', digests: inputs.map(toPlainDigest) }
    const { command } = inputs
    const workingDirectory = segmentsOf(command.getWorkingDirectory(), [], 'the working directory')
    const outputs = declaredOutputs(command, workingDirectory)
    const directories = new RootedDirectories(this.#root)
    const cwd = directories.make(workingDirectory, 'the working directory')
    for (const { segments } of outputs) directories.make(segments.slice(0, -1), 'the parent of output')
    this.#metadata.setInputFetchCompletedTimestamp(this.#now())

    this.#workplace.blobs.settle()
    const startedAt = Date.now()
    const end = await this.#run(command, cwd, signal)

    const altered = this.#workplace.blobs.altered(startedAt)
    if (altered.length > 0) return { kind: 'altered', digests: altered.map(toPlainDigest) }
    return this.#collect(action, command, outputs, end)
  }

  /** Reads the messages and lays out the inputs; or says what is missing, all of it. */
  #stage(actionDigest: Digest): { command: Command } | Digest[] {
    const { blobs, copied } = this.#workplace
    const actionBytes = blobs.read(actionDigest)
    if (actionBytes === undefined) return [actionDigest]
    const action = decode(Action, actionBytes, `the Action ${actionDigest}`)
    const commandDigest = fromDigestMessage(actionDigest.fn, action.getCommandDigest(), "the Action's command_digest")
    const rootDigest = fromDigestMessage(actionDigest.fn, action.getInputRootDigest(), "the Action's input_root_digest")
    const commandBytes = blobs.read(commandDigest)
    const missing = stageInputRoot(this.#root, rootDigest, blobs, copied)
    if (commandBytes === undefined) missing.unshift(commandDigest)
    if (commandBytes === undefined || missing.length > 0) return missing
    return { command: decode(Command, commandBytes, `the Command ${commandDigest}`) }
  }

  async #run(command: Command, cwd: string, signal: AbortSignal): Promise<CommandEnd> {
    const argv = command.getArgumentsList()
    if (argv.length === 0)
      throw new GoregoError('invalid-argument', 'the Command has no arguments: the first must name a program')
    if (argv.some((argument) => argument.includes('\0')))
      throw new GoregoError('invalid-argument', 'an argument of the Command has a NUL byte in it')
    const env = environmentOf(command)
    this.#metadata.setExecutionStartTimestamp(this.#now())
    const end = await runCommand(
      {
        program: findProgram(argv[0] ?? '', env.PATH, cwd),
        argv,
        env,
        workingDirectory: cwd,
        stdoutPath: this.#streamPath('stdout'),
        stderrPath: this.#streamPath('stderr'),
        timeoutMs: this.#job.timeoutMs,
      },
      this.#workplace.onStart,
      signal,
    )
    this.#metadata.setExecutionCompletedTimestamp(this.#now())
    this.#metadata.setVirtualExecutionDuration(durationFromMillis(end.durationMs))
    return end
  }

  #collect(action: Digest, command: Command, outputs: readonly DeclaredOutput[], end: CommandEnd): JobReply {
    const { fn } = action
    const { blobs } = this.#workplace
    this.#metadata.setOutputUploadStartTimestamp(this.#now())
    const result = new ActionResult()
    result.setExitCode(end.exitCode)
    const stdout = this.#storeStream(action, 'stdout')
    const stderr = this.#storeStream(action, 'stderr')
    if (stdout !== undefined) result.setStdoutDigest(toDigestMessage(stdout))
    if (stderr !== undefined) result.setStderrDigest(toDigestMessage(stderr))
    let failure = stopFailure(end, this.#job.timeoutMs)
    try {
      const directories = new RootedDirectories(this.#root)
      collectOutputs(outputs, result, { fn, blobs, directories, format: command.getOutputDirectoryFormat() })
    } catch (thrown) {
      // ER-03: whatever is wrong with the outputs, what the command printed is still worth seeing.
      failure ??= explain(thrown)
    }
    this.#metadata.setOutputUploadCompletedTimestamp(this.#now())
    this.#metadata.setWorkerCompletedTimestamp(this.#now())
    result.setExecutionMetadata(this.#metadata)
    return {
      kind: 'ran',
      result: result.serializeBinary(),
      exitCode: end.exitCode,
      ...(failure === undefined ? {} : { failure }),
    }
  }

  /** OR-09: an empty stream has no digest. */
  #storeStream(action: Digest, name: 'stdout' | 'stderr'): Digest | undefined {
    const path = this.#streamPath(name)
    const stats = lstatSync(path, { throwIfNoEntry: false })
    // It lies beside the input root, where a command without a sandbox can get at it. A FIFO in its place must not be opened.
    if (!stats?.isFile())
      throw new GoregoError('failed-precondition', `the command removed the file that its ${name} went to`)
    if (stats.size === 0) return undefined
    const { digest } = this.#workplace.blobs.storeFile(action.fn, path, stats)
    return isEmptyBlob(digest) ? undefined : digest
  }

  #streamPath(name: 'stdout' | 'stderr'): string {
    return `${this.#workplace.directory}/${name}`
  }

  #now() {
    return timestampFromMillis(this.#stamps.now())
  }
}

function environmentOf(command: Command): Record<string, string> {
  // No prototype: a variable may be called __proto__.
  const env: Record<string, string> = Object.create(null)
  for (const variable of command.getEnvironmentVariablesList()) {
    const name = variable.getName()
    if (name === '' || name.includes('=') || name.includes('\0') || variable.getValue().includes('\0')) {
      throw new GoregoError(
        'invalid-argument',
        `${JSON.stringify(name)} cannot be an environment variable of the command`,
      )
    }
    env[name] = variable.getValue()
  }
  return env
}

function stopFailure({ stopped }: CommandEnd, timeoutMs: number): PlainFailure | undefined {
  if (stopped === undefined) return undefined
  if (stopped === 'cancelled') return { code: 'cancelled', message: 'the action was cancelled' }
  return { code: 'deadline-exceeded', message: `the command was stopped after its time limit of ${timeoutMs / 1000} s` }
}

/** Names and paths come from the client, and some are longer than the system takes. */
function explain(thrown: unknown): PlainFailure {
  if ((thrown as NodeJS.ErrnoException).code === 'ENAMETOOLONG') {
    return { code: 'invalid-argument', message: 'a path of the action is longer than this system allows' }
  }
  const { code, message } = GoregoError.from(thrown)
  return { code, message }
}
