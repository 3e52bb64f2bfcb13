import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { ActionResult, type Digest as DigestMessage, type OutputDirectory, type Timestamp } from '../proto/messages.js'
import { resourceUsageIn, type UsedResources } from '../proto/resource-usage.js'
import { timestampToMillis } from '../proto/time.js'
import { materialize } from './materialize.js'
import type { Materialized, MaterializeOptions } from './placed-files.js'
import type { StreamName } from './run-options.js'

/** Something that an action made. */
export type Output =
  | { readonly kind: 'file'; readonly path: string; readonly digest: Digest; readonly executable: boolean }
  | DirectoryOutput
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }

/** A directory is known by either of two blobs, or both: at least one is there. */
export interface DirectoryOutput {
  readonly kind: 'directory'
  readonly path: string
  /** A blob that holds a REAPI `Tree`, with all directories below. */
  readonly tree?: Digest
  /** A blob that holds a REAPI `Directory`, the root; those below are blobs, too. */
  readonly rootDirectory?: Digest
}

/** How long each phase took when the action ran, in milliseconds; a cached result keeps those of then (EM-03). */
export interface Timings {
  readonly queuedMs: number
  readonly stagingMs: number
  readonly executionMs: number
  readonly collectingMs: number
}

/** Standard output and error are read back up to this size; what is beyond stays in the store. */
const MAX_STREAM_BYTES = 16 * 1024 * 1024

interface Parts {
  readonly action: Digest
  readonly message: ActionResult
  readonly cached: boolean
  readonly stdout: Printed
  readonly stderr: Printed
  readonly cas: ContentAddressableStorage
}

/** What a command wrote to one of its streams: a beginning to look at, and where all of it is. */
interface Printed {
  readonly text: string
  readonly inline: Uint8Array
  readonly blob: Digest | undefined
}

/** What became of an action that ran, now or earlier. A non-zero exit code is a result like any other. */
export class RunResult {
  readonly action: Digest
  readonly exitCode: number
  /** True if it did not have to run. */
  readonly cached: boolean
  /** The first 16 MiB, as UTF-8; `printed` has all of it, as the bytes that they were. */
  readonly stdout: string
  /** The first 16 MiB, as UTF-8. */
  readonly stderr: string
  /** By the path that was asked for. Outputs that the command did not make are not there. */
  readonly outputs: ReadonlyMap<string, Output>
  readonly timings: Timings
  /** When the command ended, in milliseconds since 1970, also where that was long ago; undefined where the worker does not say. */
  readonly endedAt: number | undefined
  /** Which worker ran it. */
  readonly worker: string
  /** What the command used when it ran; undefined where the worker does not say. */
  readonly resources: UsedResources | undefined
  readonly #cas: ContentAddressableStorage
  readonly #printed: Readonly<Record<StreamName, Printed>>

  private constructor({ action, message, cached, stdout, stderr, cas }: Parts) {
    this.action = action
    this.exitCode = message.getExitCode()
    this.cached = cached
    this.stdout = stdout.text
    this.stderr = stderr.text
    this.#printed = { stdout, stderr }
    this.outputs = outputsOf(action.fn, message)
    this.timings = timingsOf(message)
    const ended = message.getExecutionMetadata()?.getExecutionCompletedTimestamp()
    this.endedAt = ended && timestampToMillis(ended)
    this.worker = message.getExecutionMetadata()?.getWorker() ?? ''
    this.resources = resourceUsageIn(message.getExecutionMetadata()?.getAuxiliaryMetadataList() ?? [])
    this.#cas = cas
  }

  /** Reads a serialized ActionResult, and what the command printed. */
  static async read(
    action: Digest,
    result: Uint8Array,
    cached: boolean,
    cas: ContentAddressableStorage,
    signal?: AbortSignal,
  ): Promise<RunResult> {
    const message = decode(ActionResult, result, 'the action result')
    const stdout = await readStream(action.fn, message.getStdoutRaw_asU8(), message.getStdoutDigest(), cas, signal)
    const stderr = await readStream(action.fn, message.getStderrRaw_asU8(), message.getStderrDigest(), cas, signal)
    return new RunResult({ action, message, cached, stdout, stderr, cas })
  }

  /** All that the command wrote to a stream, from `offset` on, in chunks. */
  async *printed(
    stream: StreamName,
    { offset = 0 }: { readonly offset?: number } = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Uint8Array> {
    const { inline, blob } = this.#printed[stream]
    if (inline.length > offset) yield inline.subarray(offset)
    else if (inline.length === 0 && blob !== undefined && blob.sizeBytes > offset)
      yield* this.#cas.read(blob, { offset }, signal)
  }

  /** The blob that has all that the command wrote to a stream; undefined where the result has it, or there is nothing. */
  printedBlob(stream: StreamName): Digest | undefined {
    return this.#printed[stream].blob
  }

  /**
   * Writes all outputs below a directory, at the paths that they were asked for. Files are written beside their place and
   * renamed; a directory replaces what was there. They can be edited without harm to the store, unless they were asked for as hard links.
   * Returns how many became what.
   */
  async materialize(
    targetDirectory: string,
    options: MaterializeOptions = {},
    signal?: AbortSignal,
  ): Promise<Materialized> {
    return await materialize([...this.outputs.values()], targetDirectory, this.#cas, options, signal)
  }
}

async function readStream(
  fn: DigestFunction,
  inline: Uint8Array,
  digest: DigestMessage | undefined,
  cas: ContentAddressableStorage,
  signal: AbortSignal | undefined,
): Promise<Printed> {
  if (inline.length > 0 || digest === undefined)
    return { text: Buffer.from(inline).toString('utf8'), inline, blob: undefined }
  const blob = fromDigestMessage(fn, digest, 'the digest of what the command printed')
  const chunks: Uint8Array[] = []
  const range = { length: Math.min(blob.sizeBytes, MAX_STREAM_BYTES) }
  for await (const chunk of cas.read(blob, range, signal)) chunks.push(chunk)
  return { text: Buffer.concat(chunks).toString('utf8'), inline, blob }
}

function outputsOf(fn: DigestFunction, message: ActionResult): Map<string, Output> {
  const outputs = new Map<string, Output>()
  for (const file of message.getOutputFilesList()) {
    const path = file.getPath()
    const digest = fromDigestMessage(fn, file.getDigest(), `the digest of output ${path}`)
    outputs.set(path, { kind: 'file', path, digest, executable: file.getIsExecutable() })
  }
  for (const directory of message.getOutputDirectoriesList()) {
    outputs.set(directory.getPath(), directoryOutput(fn, directory))
  }
  const links = [
    message.getOutputSymlinksList(),
    message.getOutputFileSymlinksList(),
    message.getOutputDirectorySymlinksList(),
  ]
  for (const link of links.flat()) {
    outputs.set(link.getPath(), { kind: 'symlink', path: link.getPath(), target: link.getTarget() })
  }
  return outputs
}

/** CM-11: which of the two a worker fills in is what the Command asked for, or what that worker can do. */
function directoryOutput(fn: DigestFunction, message: OutputDirectory): DirectoryOutput {
  const path = message.getPath()
  const [tree, root] = [message.getTreeDigest(), message.getRootDirectoryDigest()]
  if (tree === undefined && root === undefined)
    throw new GoregoError('invalid-argument', `the result says nothing of the content of output directory ${path}`)
  return {
    kind: 'directory',
    path,
    ...(tree && { tree: fromDigestMessage(fn, tree, `the tree of output ${path}`) }),
    ...(root && { rootDirectory: fromDigestMessage(fn, root, `the root directory of output ${path}`) }),
  }
}

function timingsOf(message: ActionResult): Timings {
  const metadata = message.getExecutionMetadata()
  return {
    queuedMs: between(metadata?.getQueuedTimestamp(), metadata?.getWorkerStartTimestamp()),
    stagingMs: between(metadata?.getInputFetchStartTimestamp(), metadata?.getInputFetchCompletedTimestamp()),
    executionMs: between(metadata?.getExecutionStartTimestamp(), metadata?.getExecutionCompletedTimestamp()),
    collectingMs: between(metadata?.getOutputUploadStartTimestamp(), metadata?.getOutputUploadCompletedTimestamp()),
  }
}

function between(start: Timestamp | undefined, end: Timestamp | undefined): number {
  return start === undefined || end === undefined ? 0 : timestampToMillis(end) - timestampToMillis(start)
}

/** The action did not finish: it timed out, was cancelled, or could not be run. */
export class ExecutionError extends GoregoError {
  override readonly name = 'ExecutionError'
  /** What there was of it. */
  readonly result: RunResult | undefined
  /** Texts in the store that say more about why, by what they are called. */
  readonly logs: Readonly<Record<string, Digest>>

  constructor(
    failure: Pick<GoregoError, 'code' | 'message' | 'details'>,
    result: RunResult | undefined,
    logs: Readonly<Record<string, Digest>> = {},
  ) {
    super(failure.code, failure.message, { details: failure.details })
    this.result = result
    this.logs = logs
  }
}
