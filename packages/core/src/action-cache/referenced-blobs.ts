import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ContentAddressableStorage } from '../cas/index.js'
import { Digest, type DigestFunction } from '../digest/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { ActionResult } from '../proto/messages.js'
import { wireFields } from '../proto/wire.js'

/** How many fields are looked at before other work gets a turn: a few milliseconds. */
const FIELDS_A_TURN = 20_000

/** How many Directories are read before other work gets a turn. */
const DIRECTORIES_A_TURN = 500

/** A Tree or Directory is read as a whole; one of a million files has less. What is larger counts as unreadable. */
const MAX_MESSAGE_BYTES = 128 * 1024 * 1024

/** The field numbers of REAPI that lead to digests. */
const TREE_ROOT = 1
const TREE_CHILDREN = 2
const DIRECTORY_FILES = 1
const DIRECTORY_DIRECTORIES = 2
const NODE_DIGEST = 2
const DIGEST_HASH = 1
const DIGEST_SIZE = 2

/**
 * Every blob that a client may ask for because a result names it (AC-02): files, stdout and stderr, Trees and the files
 * inside them, root Directories and what they lead to. Undefined when a Tree or Directory needed to know that is itself
 * missing or unreadable. Throws `invalid-argument` for a malformed digest in the result.
 */
export async function referencedBlobs(
  fn: DigestFunction,
  result: Uint8Array,
  cas: ContentAddressableStorage,
  signal?: AbortSignal,
): Promise<Digest[] | undefined> {
  const message = decode(ActionResult, result, 'the action result')
  const found = new Map<string, Digest>()
  const scanned = new Set<string>()
  const add = (digest: Digest) => found.set(digest.key, digest)
  for (const file of message.getOutputFilesList())
    add(fromDigestMessage(fn, file.getDigest(), `digest of ${file.getPath()}`))
  for (const stream of [message.getStdoutDigest(), message.getStderrDigest()]) {
    if (stream !== undefined) add(fromDigestMessage(fn, stream, 'stdout or stderr digest'))
  }
  for (const directory of message.getOutputDirectoriesList()) {
    const tree = directory.getTreeDigest()
    const root = directory.getRootDirectoryDigest()
    if (tree !== undefined) {
      const digest = fromDigestMessage(fn, tree, `tree_digest of ${directory.getPath()}`)
      add(digest)
      if (!(await addTree(fn, digest, cas, add, signal))) return undefined
    }
    if (root !== undefined) {
      const digest = fromDigestMessage(fn, root, `root_directory_digest of ${directory.getPath()}`)
      if (!(await addDirectories(fn, digest, cas, add, scanned, signal))) return undefined
    }
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
  for (const { number, bytes: directory } of wireFields(bytes)) {
    if (++scanned % FIELDS_A_TURN === 0) await nextTurn(undefined, { signal })
    if (directory === undefined || (number !== TREE_ROOT && number !== TREE_CHILDREN)) continue
    for (const digest of nodeDigests(fn, directory, DIRECTORY_FILES)) {
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
      for (const node of nodeDigests(fn, bytes, list)) {
        if (++fields % FIELDS_A_TURN === 0) await nextTurn(undefined, { signal })
        if (node !== undefined) use(node)
      }
    }
    if (scanned.size % DIRECTORIES_A_TURN === 0) await nextTurn(undefined, { signal })
  }
  return true
}

/** The digests in the FileNodes or DirectoryNodes of a Directory; undefined for each field that has none. */
function* nodeDigests(fn: DigestFunction, directory: Uint8Array, list: number): Generator<Digest | undefined> {
  for (const node of wireFields(directory)) {
    if (node.number !== list || node.bytes === undefined) {
      yield undefined
      continue
    }
    for (const field of wireFields(node.bytes)) {
      yield field.number === NODE_DIGEST && field.bytes !== undefined ? digestOf(fn, field.bytes) : undefined
    }
  }
}

function digestOf(fn: DigestFunction, message: Uint8Array): Digest {
  let hash = ''
  let size = 0
  for (const { number, bytes, value } of wireFields(message)) {
    if (number === DIGEST_HASH && bytes !== undefined) hash = Buffer.from(bytes).toString('latin1')
    if (number === DIGEST_SIZE) size = value
  }
  return Digest.of(fn, hash, size)
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
