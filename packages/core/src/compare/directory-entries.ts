import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Digest, DigestFunction } from '../digest/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { DirectoryNode, FileNode, NodeProperties, SymlinkNode } from '../proto/messages.js'
import { BYTES, WireReader } from '../proto/wire-reader.js'

/** One thing in a directory, as far as it matters to a comparison. */
export interface Entry {
  /** Empty for the directory itself, which may say something of its own mode or time. */
  readonly name: string
  /** What it is, for people. Two entries with one text are the same. */
  readonly text: string
  /** Of a directory: where its own entries are. */
  readonly directory?: Digest
}

/** How many entries are looked at before other work gets a turn: a microsecond each. */
const ENTRIES_A_TURN = 2000

const FILES = 1
const DIRECTORIES = 2
const SYMLINKS = 3
const OWN_PROPERTIES = 5

/**
 * The entries that only the one or only the other of two encoded Directories has. Those that both have are compared as bytes and never
 * decoded: in a directory of 100,000 files of which one has changed, two messages are.
 */
export async function entriesThatDiffer(
  before: Uint8Array,
  after: Uint8Array,
  fn: DigestFunction,
  signal?: AbortSignal,
): Promise<{ readonly before: Entry[]; readonly after: Entry[] }> {
  const old = await nodesIn(before, signal)
  const young = await nodesIn(after, signal)
  const only = (nodes: Nodes, others: Nodes) =>
    [...nodes].flatMap(([key, node]) => (others.has(key) ? [] : (entryOf(node, fn) ?? [])))
  return { before: only(old, young), after: only(young, old) }
}

interface Node {
  readonly field: number
  readonly bytes: Uint8Array
}

type Nodes = ReadonlyMap<string, Node>

/** By field and bytes. */
async function nodesIn(directory: Uint8Array, signal: AbortSignal | undefined): Promise<Nodes> {
  const nodes = new Map<string, Node>()
  const reader = new WireReader(directory)
  for (let count = 1; reader.next(); count++) {
    if (count % ENTRIES_A_TURN === 0) await nextTurn(undefined, { signal })
    if (reader.type !== BYTES) continue
    const bytes = reader.view()
    nodes.set(`${reader.number} ${bytes.toString('latin1')}`, { field: reader.number, bytes })
  }
  return nodes
}

function entryOf({ field, bytes }: Node, fn: DigestFunction): Entry | undefined {
  switch (field) {
    case FILES: {
      const node = decode(FileNode, bytes, 'a FileNode')
      const { hash, sizeBytes } = fromDigestMessage(fn, node.getDigest(), `the digest of file ${node.getName()}`)
      const mark = node.getIsExecutable() ? ', executable' : ''
      return {
        name: node.getName(),
        text: `file ${hash}/${sizeBytes}${mark}${properties(node.getNodeProperties())}`,
      }
    }
    case DIRECTORIES: {
      const node = decode(DirectoryNode, bytes, 'a DirectoryNode')
      const directory = fromDigestMessage(fn, node.getDigest(), `the digest of directory ${node.getName()}`)
      return { name: node.getName(), text: 'directory', directory }
    }
    case SYMLINKS: {
      const node = decode(SymlinkNode, bytes, 'a SymlinkNode')
      return {
        name: node.getName(),
        text: `symbolic link to ${node.getTarget()}${properties(node.getNodeProperties())}`,
      }
    }
    case OWN_PROPERTIES:
      return { name: '', text: `directory${properties(decode(NodeProperties, bytes, 'NodeProperties'))}` }
    default:
      return undefined
  }
}

function properties(message: NodeProperties | undefined): string {
  if (message === undefined) return ''
  const mode = message.getUnixMode()?.getValue()
  const mtime = message.getMtime()
  return [
    ...(mode === undefined ? [] : [`mode ${mode.toString(8)}`]),
    ...(mtime === undefined ? [] : [`modified ${mtime.getSeconds()}.${String(mtime.getNanos()).padStart(9, '0')}`]),
    ...message.getPropertiesList().map((property) => `${property.getName()}=${property.getValue()}`),
  ]
    .map((text) => `, ${text}`)
    .join('')
}
