import { existsSync } from 'node:fs'
import type { Digest } from '../digest/index.js'
import { diskFull, isDiskOfFull, onDiskOf } from '../disk/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage, toDigestMessage } from '../proto/digests.js'
import { Action, ActionResult, Command, ExecutedActionMetadata } from '../proto/messages.js'
import { OutputFileFields } from '../proto/output-file-fields.js'
import { resourceUsageToAny } from '../proto/resource-usage.js'
import { durationFromMillis, timestampFromMillis } from '../proto/time.js'
import { ActionLog } from './action-log.js'
import type { ActionPolicy } from './action-policy.js'
import type { ActionUser } from './action-user.js'
import type { BlobFiles } from './blob-files.js'
import { checkActionOrder, checkCommandOrder } from './canonical-order.js'
import { environmentOf } from './environment.js'
import { describeEnd, failureOf, stopFailure } from './explain.js'
import { RootedDirectories, segmentsOf } from './hostile-paths.js'
import type { InputRoot } from './input-root.js'
import type { Launcher } from './launch/launcher.js'
import { WantedProperties } from './node-properties.js'
import { type Collection, collectOutputs, type DeclaredOutput, declaredOutputs } from './outputs.js'
import type { PrintedFiles, StreamName } from './printed-files.js'
import type { PrintedFollower } from './printed-follower.js'
import { PrintedStreams } from './printed-streams.js'
import { findProgram } from './program.js'
import {
  fromPlainDigest,
  type Job,
  type JobReply,
  type PlainFailure,
  type RanReply,
  type StagedBytes,
  toPlainDigest,
} from './protocol.js'
import { type CommandEnd, runCommand } from './run-command.js'
import type { SlotSandbox } from './slot-sandbox.js'
import type { Staging } from './staging.js'
import { Stamps } from './stamps.js'

/** What a runner has at hand for every job. */
export interface Workplace {
  readonly blobs: BlobFiles
  /** As the action before left it, and restored after this one. */
  readonly root: InputRoot
  readonly printed: PrintedFiles
  readonly workerName: string
  readonly policy: ActionPolicy
  readonly launcher: Launcher
  /** What commands run in. */
  readonly sandbox: SlotSandbox | undefined
  /** Who runs commands; undefined for whoever runs this. */
  readonly user: ActionUser | undefined
}

/** One action from its digest to its result: stage, run, check the inputs, collect. What fails is a reply, not a throw. */
export async function perform(
  job: Job,
  workplace: Workplace,
  follower: PrintedFollower,
  signal: AbortSignal,
): Promise<JobReply> {
  const performance = new Performance(job, workplace, follower)
  try {
    return await performance.perform(signal)
  } catch (thrown) {
    return performance.failed(thrown)
  }
}

class Performance {
  readonly #job: Job
  readonly #workplace: Workplace
  readonly #follower: PrintedFollower
  readonly #action: Digest
  readonly #stamps: Stamps
  readonly #metadata = new ExecutedActionMetadata()
  readonly #log = new ActionLog()
  #staged: StagedBytes = { linked: 0, copied: 0 }

  constructor(job: Job, workplace: Workplace, follower: PrintedFollower) {
    this.#job = job
    this.#workplace = workplace
    this.#follower = follower
    this.#action = fromPlainDigest(job.action)
    this.#stamps = new Stamps(job.queuedAt)
    this.#metadata.setWorker(workplace.workerName)
    this.#metadata.setQueuedTimestamp(timestampFromMillis(job.queuedAt))
    this.#metadata.setWorkerStartTimestamp(this.#now())
    this.#log.note('action', () => String(this.#action))
    this.#log.note('worker', () => workplace.workerName)
  }

  async perform(signal: AbortSignal): Promise<JobReply> {
    const { policy, user } = this.#workplace
    this.#metadata.setInputFetchStartTimestamp(this.#now())
    // DIG-09: from here on everything is hashed with the action's function.
    await this.#action.fn.prepare()
    const inputs = onDiskOf(this.#place, () => this.#stage())
    if ('missing' in inputs) return { kind: 'missing', digests: inputs.missing.map(toPlainDigest) }
    const { command, staged } = inputs
    const wanted = WantedProperties.of(command.getOutputNodePropertiesList())
    const workingDirectory = segmentsOf(command.getWorkingDirectory(), [], 'the working directory')
    const outputs = declaredOutputs(command, workingDirectory)
    const directories = new RootedDirectories(this.#workplace.root.path, user)
    const cwd = onDiskOf(this.#place, () => {
      // CM-08
      const path = directories.make(workingDirectory, 'the working directory', { mustExist: policy.strict })
      for (const parent of new Set(outputs.map((output) => output.parent)))
        directories.make(parent, 'the parent of output')
      staged.finish()
      return path
    })
    this.#metadata.setInputFetchCompletedTimestamp(this.#now())

    using streams = new PrintedStreams(this.#workplace.printed, policy.maxPrintedBytes)
    const end = await this.#run(command, cwd, streams, signal)

    const altered = this.#workplace.root.altered(end.found)
    if (altered.length > 0) return { kind: 'altered', digests: altered.map(toPlainDigest) }
    return this.#collect(command, outputs, { properties: wanted, directories }, streams, end)
  }

  /** The reply when nothing, or nothing to the end, could be done. */
  failed(thrown: unknown): JobReply {
    const failure = failureOf(thrown)
    return { kind: 'failed', failure, ...this.#storeLog(failure) }
  }

  /** Reads the messages and lays out the inputs; or says what is missing, all of it. */
  #stage(): { command: Command; staged: Staging } | { missing: Digest[] } {
    const { fn } = this.#action
    const { blobs, root, policy } = this.#workplace
    const actionBytes = blobs.readMessage(this.#action)
    if (actionBytes === undefined) return { missing: [this.#action] }
    const action = decode(Action, actionBytes, `the Action ${this.#action}`)
    if (policy.strict) checkActionOrder(action)
    const commandDigest = fromDigestMessage(fn, action.getCommandDigest(), "the Action's command_digest")
    const rootDigest = fromDigestMessage(fn, action.getInputRootDigest(), "the Action's input_root_digest")
    this.#log.note('command', () => String(commandDigest))
    this.#log.note('input root', () => String(rootDigest))
    const commandBytes = blobs.readMessage(commandDigest)
    const staged = root.stage(rootDigest)
    if (commandBytes === undefined) return { missing: [commandDigest, ...staged.missing] }
    if (staged.missing.length > 0) return { missing: [...staged.missing] }
    const { placed, linkedBytes, copiedBytes } = staged
    this.#staged = { linked: linkedBytes, copied: copiedBytes }
    const now = `${counted(placed, 'file')} (${linkedBytes + copiedBytes} bytes) put in place`
    this.#log.note('staged', () => `${counted(root.entries, 'entry', 'entries')}; ${now}, the rest was there`)
    const command = decode(Command, commandBytes, `the Command ${commandDigest}`)
    if (policy.strict) checkCommandOrder(command)
    return { command, staged }
  }

  async #run(command: Command, cwd: string, streams: PrintedStreams, signal: AbortSignal): Promise<CommandEnd> {
    const { timeoutMs, network } = this.#job
    const { launcher, root, sandbox, user, policy } = this.#workplace
    const { maxPrintedBytes } = policy
    const argv = command.getArgumentsList()
    if (argv.length === 0)
      throw new GoregoError('invalid-argument', 'the Command has no arguments: the first must name a program')
    if (argv.some((argument) => argument.includes('\0')))
      throw new GoregoError('invalid-argument', 'an argument of the Command has a NUL byte in it')
    const env = environmentOf(command)
    this.#log.note('arguments', () => JSON.stringify(argv.slice(0, 100)))
    this.#log.note('directory', () => JSON.stringify(command.getWorkingDirectory()))
    this.#log.note('environment', () => `${Object.keys(env).join(', ')} (names only)`)
    this.#log.note('limits', () => `${timeoutMs / 1000} s; ${maxPrintedBytes / 1e6} MB to stdout and to stderr`)
    const isThere = sandbox && ((path: string) => sandbox.shows(path, root.path))
    const program = findProgram(argv[0] ?? '', env.PATH, cwd, isThere)
    this.#log.note('program', () => program)
    if (user !== undefined) this.#log.note('user', () => `${user.uid}:${user.gid}`)
    if (sandbox !== undefined) this.#log.note('sandbox', () => `bubblewrap, ${network ? 'with' : 'without'} network`)
    const place =
      sandbox === undefined
        ? { workingDirectory: cwd }
        : {
            workingDirectory: sandbox.inside(cwd, root.path),
            sandbox: onDiskOf(this.#place, () => sandbox.enter(root.path, network)),
          }
    const lookAt = root.start()
    this.#metadata.setExecutionStartTimestamp(this.#now())
    this.#follower.follow(streams)
    const end = await runCommand(launcher, { program, argv, env, timeoutMs, lookAt, ...place }, streams, signal)
    this.#follower[Symbol.dispose]()
    this.#metadata.setExecutionCompletedTimestamp(this.#now())
    this.#metadata.setVirtualExecutionDuration(durationFromMillis(end.durationMs))
    return end
  }

  #collect(
    command: Command,
    outputs: readonly DeclaredOutput[],
    how: Pick<Collection, 'properties' | 'directories'>,
    streams: PrintedStreams,
    end: CommandEnd,
  ): RanReply {
    const { fn } = this.#action
    const { blobs, policy } = this.#workplace
    const { maxPrintedBytes, absoluteSymlinks } = policy
    this.#metadata.setOutputUploadStartTimestamp(this.#now())
    const result = new ActionResult()
    const files = new OutputFileFields()
    let absent: string[] = []
    result.setExitCode(end.exitCode)
    let failure = stopFailure(end, { timeoutMs: this.#job.timeoutMs, maxPrintedBytes }) ?? this.#fullDisk()
    // ER-03: whatever is wrong with one thing, the others are still worth seeing.
    const attempt = (action: () => void) => {
      try {
        action()
      } catch (thrown) {
        failure ??= failureOf(thrown)
      }
    }
    const stream = (name: StreamName) => {
      const digest = streams.store(name, fn, blobs)
      return digest && toDigestMessage(digest)
    }
    attempt(() => result.setStdoutDigest(stream('stdout')))
    attempt(() => result.setStderrDigest(stream('stderr')))
    attempt(() => {
      const format = command.getOutputDirectoryFormat()
      absent = collectOutputs(outputs, result, { files, fn, blobs, absoluteSymlinks, format, ...how })
    })
    this.#metadata.setOutputUploadCompletedTimestamp(this.#now())
    this.#metadata.setWorkerCompletedTimestamp(this.#now())
    if (policy.reportResources && end.resources !== undefined)
      this.#metadata.addAuxiliaryMetadata(resourceUsageToAny(end.resources))
    result.setExecutionMetadata(this.#metadata)
    const message = describeEnd(end, failure === undefined ? absent : [])
    if (failure !== undefined) this.#log.note('ended', () => message || 'exit code 0')
    return {
      kind: 'ran',
      result: files.finish(result.serializeBinary()),
      exitCode: end.exitCode,
      staged: this.#staged,
      message,
      ...(end.resources === undefined ? {} : { resources: end.resources }),
      ...(failure === undefined ? {} : { failure, ...this.#storeLog(failure) }),
    }
  }

  /** A cancelled action has nobody left to read it. */
  #storeLog(failure: PlainFailure): Pick<RanReply, 'log'> {
    if (failure.code === 'cancelled') return {}
    this.#log.note('failure', () => `${failure.code}: ${failure.message}`)
    const log = this.#log.store(this.#action.fn, this.#workplace.blobs)
    return log === undefined ? {} : { log }
  }

  /**
   * Where the command's output, or what it printed, no longer fitted, it may have failed for that, or not have noticed: the
   * result says nothing about the action.
   */
  #fullDisk(): PlainFailure | undefined {
    // A command can remove even the directory that it was laid out in.
    const { place } = this.#workplace.root
    const full = existsSync(place) && isDiskOfFull(place)
    return full ? failureOf(diskFull({ code: 'ENOSPC' }, `${this.#place}, after the command has run`)) : undefined
  }

  get #place(): string {
    return `the build root, ${this.#workplace.root.place}`
  }

  #now() {
    return timestampFromMillis(this.#stamps.now())
  }
}

function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`
}
