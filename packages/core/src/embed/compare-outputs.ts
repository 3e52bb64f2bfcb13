import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import type { Directory } from '../proto/messages.js'
import { type DirectorySource, nodeDigest, openDirectory } from './directory-source.js'
import type { StreamName } from './run-options.js'
import type { RunResult } from './run-result.js'

/** Something that two runs of an action did not do alike. */
export interface OutputDifference {
  /** Which: the path of an output or of something in one, `stdout`, `stderr`, or `exit code`. */
  readonly subject: string
  /**
   * What the runs have there, for people; of what was printed, from where it differs, as a JSON string, or its bytes where they are no text that differs;
   * `nothing` where it is absent.
   */
  readonly first: string
  readonly second: string
  /** Of two files, and of what was printed: where the first byte is that is not alike, from 0. */
  readonly offset?: number
}

const EXCERPT_BYTES = 200
const EXCERPT_HEX_BYTES = 16

/** What is at a path, in words that are equal where it is; and the blob, of a file. */
interface Leaf {
  readonly text: string
  readonly blob?: Digest
}

/** Where what is compared comes from, and how much of it is looked into. */
export interface CompareOutputsOptions {
  /** Has the blobs of both. */
  readonly cas: ContentAddressableStorage
  /** Directories whose Tree messages are larger are compared as a whole: they are parsed without a break. Default: any size. */
  readonly maxTreeBytes?: number
}

/**
 * What two results of one action do not have alike, down to files in directories and the place in a file. The blobs of both are read
 * from the store where they differ, as streams.
 */
export async function compareOutputs(
  first: RunResult,
  second: RunResult,
  options: CompareOutputsOptions,
  signal?: AbortSignal,
): Promise<OutputDifference[]> {
  const { cas } = options
  const differences: OutputDifference[] = []
  if (first.exitCode !== second.exitCode)
    differences.push({ subject: 'exit code', first: String(first.exitCode), second: String(second.exitCode) })
  for (const stream of ['stdout', 'stderr'] as const) {
    const difference = await streamDifference(stream, first, second, signal)
    if (difference !== undefined) differences.push(difference)
  }
  const [before, after] = [await leavesOf(first, options, signal), await leavesOf(second, options, signal)]
  for (const subject of new Set([...before.keys(), ...after.keys()])) {
    const [one, other] = [before.get(subject), after.get(subject)]
    if (one?.text === other?.text) continue
    const texts = { first: one?.text ?? 'nothing', second: other?.text ?? 'nothing' }
    const areFiles = one?.blob !== undefined && other?.blob !== undefined && !one.blob.equals(other.blob)
    const contents = (leaf: Leaf) => cas.read(leaf.blob as Digest, {}, signal)
    const offset = areFiles ? await firstDifference(contents(one), contents(other)) : undefined
    differences.push({ subject, ...texts, ...(offset !== undefined && { offset }) })
  }
  return differences
}

async function leavesOf(
  result: RunResult,
  { cas, maxTreeBytes = Number.POSITIVE_INFINITY }: CompareOutputsOptions,
  signal: AbortSignal | undefined,
): Promise<Map<string, Leaf>> {
  const leaves = new Map<string, Leaf>()
  for (const [path, output] of result.outputs) {
    if (output.kind === 'file') leaves.set(path, fileLeaf(output.digest, output.executable))
    else if (output.kind === 'symlink') leaves.set(path, { text: `symbolic link to ${output.target}` })
    else if (output.tree !== undefined && output.tree.sizeBytes > maxTreeBytes)
      leaves.set(path, { text: `directory, tree ${output.tree}` })
    else {
      leaves.set(path, { text: 'directory' })
      const source = await openDirectory(output, cas, signal)
      gather(source, source.root, path, leaves)
    }
  }
  return leaves
}

function gather(source: DirectorySource, directory: Directory, path: string, leaves: Map<string, Leaf>): void {
  for (const node of directory.getFilesList())
    leaves.set(`${path}/${node.getName()}`, fileLeaf(nodeDigest(source.fn, node), node.getIsExecutable()))
  for (const node of directory.getSymlinksList())
    leaves.set(`${path}/${node.getName()}`, { text: `symbolic link to ${node.getTarget()}` })
  for (const node of directory.getDirectoriesList()) {
    const inside = `${path}/${node.getName()}`
    leaves.set(inside, { text: 'directory' })
    gather(source, source.child(node), inside, leaves)
  }
}

function fileLeaf(blob: Digest, executable: boolean): Leaf {
  return { text: `file ${blob}${executable ? ', executable' : ''}`, blob }
}

async function streamDifference(
  subject: StreamName,
  first: RunResult,
  second: RunResult,
  signal: AbortSignal | undefined,
): Promise<OutputDifference | undefined> {
  const [blob, otherBlob] = [first.printedBlob(subject), second.printedBlob(subject)]
  if (blob !== undefined && otherBlob?.equals(blob)) return undefined
  const printed = (result: RunResult, from = 0) => result.printed(subject, { offset: from }, signal)
  const offset = await firstDifference(printed(first), printed(second))
  if (offset === undefined) return undefined
  const [one, other] = [await beginning(printed(first, offset)), await beginning(printed(second, offset))]
  const [text, otherText] = [excerpt(one), excerpt(other)]
  const texts = text === otherText ? { first: inHex(one), second: inHex(other) } : { first: text, second: otherText }
  return { subject, ...texts, offset }
}

/** No less than an excerpt takes, where there is as much. */
async function beginning(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  let bytes = Buffer.alloc(0)
  for await (const chunk of chunks) {
    bytes = Buffer.concat([bytes, chunk])
    if (bytes.length > EXCERPT_BYTES) break
  }
  return bytes
}

/** The beginning of it as a JSON string. */
function excerpt(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('utf8', 0, EXCERPT_BYTES))
  return bytes.length > EXCERPT_BYTES ? `${text} …` : text
}

/** For what differs in bytes that are no UTF-8, or in a part of a character: as a text it looks alike. */
function inHex(bytes: Buffer): string {
  const pairs = bytes.toString('hex', 0, EXCERPT_HEX_BYTES).match(/../g) ?? []
  return `bytes ${pairs.join(' ')}${bytes.length > EXCERPT_HEX_BYTES ? ' …' : ''}`
}

/** Undefined where one is the beginning of the other and as long: that is, never for two blobs that differ. */
async function firstDifference(
  one: AsyncIterable<Uint8Array>,
  other: AsyncIterable<Uint8Array>,
): Promise<number | undefined> {
  const sides = [one, other].map((chunks) => chunks[Symbol.asyncIterator]())
  const [left, right] = sides as [AsyncIterator<Uint8Array>, AsyncIterator<Uint8Array>]
  let [a, b] = [new Uint8Array(0), new Uint8Array(0)] as [Uint8Array, Uint8Array]
  try {
    for (let offset = 0; ; ) {
      if (a.length === 0) a = (await left.next()).value ?? a
      if (b.length === 0) b = (await right.next()).value ?? b
      const length = Math.min(a.length, b.length)
      if (length === 0) return a.length === b.length ? undefined : offset
      const at = placeOfDifference(a.subarray(0, length), b.subarray(0, length))
      if (at !== undefined) return offset + at
      ;[a, b, offset] = [a.subarray(length), b.subarray(length), offset + length]
    }
  } finally {
    await Promise.all([left.return?.(), right.return?.()])
  }
}

function placeOfDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  if (Buffer.compare(a, b) === 0) return undefined
  const at = a.findIndex((byte, place) => byte !== b[place])
  return at < 0 ? undefined : at
}
