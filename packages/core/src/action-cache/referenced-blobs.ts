import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { DIRECTORY_DIRECTORIES, DIRECTORY_FILES, nodeDigests } from '../proto/node-digests.js'
import { readDigest } from '../proto/read-digest.js'
import { WireReader } from '../proto/wire-reader.js'

/** How many fields are looked at before other work gets a turn: a few milliseconds. */
const FIELDS_A_TURN = 20_000

/** How many output files are looked at before other work gets a turn: a few milliseconds. */
const FILES_A_TURN = 5000

/** How many Directories are read before other work gets a turn. */
const DIRECTORIES_A_TURN = 500

/** A Tree or Directory is read as a whole; one of a million files has less. What is larger counts as unreadable. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024

/** The field numbers of REAPI that lead to digests. */
const OUTPUT_FILES = 2
const OUTPUT_DIRECTORIES = 3
const STDOUT_DIGEST = 6
const STDERR_DIGEST = 8
const OUTPUT_FILE_DIGEST = 2
const TREE_DIGEST = 3
const ROOT_DIRECTORY_DIGEST = 5
const TREE_ROOT = 1
const TREE_CHILDREN = 2

/**
 * Every blob that a client may ask for because a result names it (AC-02): files, stdout and stderr, Trees and the files
 * inside them, root Directories and what they lead to; some more than once. Undefined when a Tree or Directory needed to
 * know that is itself missing or unreadable. Throws `invalid-argument` for a malformed digest in the result. Nothing else
 * in the result is looked at: this happens at every cache hit.
 */
export async function referencedBlobs(
  fn: DigestFunction,
  result: Uint8Array,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<Digest[] | undefined> {
  const blobs: Digest[] = []
  const directories: WireReader[] = []
  const streams = new Map<number, Digest>()
  const reader = new WireReader(result)
  while (reader.next()) {
    if (reader.number === OUTPUT_FILES) {
      blobs.push(requiredDigest(fn, reader.message()))
      if (blobs.length % FILES_A_TURN === 0) await nextTurn(undefined, { signal })
    } else if (reader.number === OUTPUT_DIRECTORIES) directories.push(reader.message())
    else if (reader.number === STDOUT_DIGEST || reader.number === STDERR_DIGEST)
      streams.set(reader.number, readDigest(fn, reader.message()))
  }
  blobs.push(...streams.values())
  if (directories.length === 0) return blobs
  const below = await blobsOfDirectories(fn, directories, cas, signal)
  return below && blobs.concat(below)
}

/** The digest of an OutputFile. */
function requiredDigest(fn: DigestFunction, file: WireReader): Digest {
  let digest: Digest | undefined
  while (file.next()) if (file.number === OUTPUT_FILE_DIGEST) digest = readDigest(fn, file.message())
  if (digest === undefined) throw new GoregoError('invalid-argument', 'an output file without a digest')
  return digest
}

/** What OutputDirectories lead to, each blob once: large trees have many files of the same content. */
async function blobsOfDirectories(
  fn: DigestFunction,
  directories: readonly WireReader[],
  cas: ContentAddressableStorage,
  signal: AbortSignal | undefined,
): Promise<Digest[] | undefined> {
  const found = new Map<string, Digest>()
  const scanned = new Set<string>()
  const add = (digest: Digest) => found.set(digest.key, digest)
  for (const directory of directories) {
    let [tree, root]: (Digest | undefined)[] = []
    while (directory.next()) {
      if (directory.number === TREE_DIGEST) tree = readDigest(fn, directory.message())
      else if (directory.number === ROOT_DIRECTORY_DIGEST) root = readDigest(fn, directory.message())
    }
    if (tree !== undefined) {
      add(tree)
      if (!(await addTree(fn, tree, cas, add, signal))) return undefined
    }
    if (root !== undefined && !(await addDirectories(fn, root, cas, add, scanned, signal))) return undefined
  }
  return [...found.values()]
}

/** The files of a Tree. Its Directories need no blobs of their own: the Tree holds them. */
async function addTree(
  fn: DigestFunction,
  tree: Digest,
  cas: ContentAddressableStorage,
  add: (digest: Digest) => void,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const bytes = await getIfThere(cas, tree, signal)
  if (bytes === undefined) return false
  let scanned = 0
  const reader = new WireReader(bytes)
  while (reader.next()) {
    if (++scanned % FIELDS_A_TURN === 0) await nextTurn(undefined, { signal })
    if (reader.number !== TREE_ROOT && reader.number !== TREE_CHILDREN) continue
    for (const digest of nodeDigests(fn, reader.message(), DIRECTORY_FILES)) {
      if (++scanned % FIELDS_A_TURN === 0) await nextTurn(undefined, { signal })
      if (digest !== undefined) add(digest)
    }
  }
  return true
}

/** A root Directory, those below it, and their files, but for Directories that were `scanned` already. */
async function addDirectories(
  fn: DigestFunction,
  root: Digest,
  cas: ContentAddressableStorage,
  add: (digest: Digest) => void,
  scanned: Set<string>,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const waiting = [root]
  for (let digest = waiting.pop(); digest !== undefined; digest = waiting.pop()) {
    if (scanned.has(digest.key)) continue
    scanned.add(digest.key)
    add(digest)
    const bytes = await getIfThere(cas, digest, signal)
    if (bytes === undefined) return false
    let fields = 0
    for (const [list, use] of [
      [DIRECTORY_FILES, add],
      [DIRECTORY_DIRECTORIES, (below: Digest) => waiting.push(below)],
    ] as const) {
      for (const node of nodeDigests(fn, new WireReader(bytes), list)) {
        if (++fields % FIELDS_A_TURN === 0) await nextTurn(undefined, { signal })
        if (node !== undefined) use(node)
      }
    }
    if (scanned.size % DIRECTORIES_A_TURN === 0) await nextTurn(undefined, { signal })
  }
  return true
}

async function getIfThere(
  cas: ContentAddressableStorage,
  digest: Digest,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | undefined> {
  if (digest.sizeBytes > MAX_MESSAGE_BYTES) return undefined
  const missing = await cas.findMissing([digest], signal)
  return missing.length > 0 ? undefined : await cas.get(digest, signal)
}
