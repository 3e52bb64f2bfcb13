import { setImmediate as nextTurn } from 'node:timers/promises'
import { type ContentAddressableStorage, type Digest, GoregoError, reapi } from '@gorego/core'
import { MAX_SENT_MESSAGE_BYTES } from './limits.js'

export interface TreePage {
  /** 0 for as many as fit. */
  readonly pageSize: number
  readonly pageToken: string
}

/** How many Directories are read before other work gets a turn: some 100 µs each. */
const DIRECTORIES_A_TURN = 32

/** A page is at most this, so that a large tree arrives in pieces. */
const PAGE_BYTES = 1024 * 1024

/** A larger one would not fit into a message, beside the token for the next page. */
const MAX_DIRECTORY_BYTES = MAX_SENT_MESSAGE_BYTES - 1024

/**
 * Every Directory below a root, the root first, each distinct one once (GT-02, GT-06). The order follows from the root
 * alone, so a token is the number of Directories before it, missing ones
 * included, tied to the root that it was made for (GT-05).
 */
export async function* getTree(
  cas: ContentAddressableStorage,
  root: Digest,
  { pageSize, pageToken }: TreePage,
  signal: AbortSignal,
): AsyncGenerator<reapi.GetTreeResponse> {
  if (pageSize < 0) throw new GoregoError('invalid-argument', `page_size is ${pageSize}: want 0 or more`)
  const skip = pageToken === '' ? 0 : parseToken(root, pageToken)
  let page = new reapi.GetTreeResponse()
  let bytesInPage = 0
  for await (const { directory, sizeBytes, position } of directories(cas, root, skip, signal)) {
    const full = page.getDirectoriesList().length
    if (full > 0 && (full === pageSize || bytesInPage + sizeBytes > PAGE_BYTES)) {
      yield page.setNextPageToken(`${root.fn.name}-${root.hash}-${position}`)
      page = new reapi.GetTreeResponse()
      bytesInPage = 0
    }
    page.addDirectories(directory)
    bytesInPage += sizeBytes
  }
  yield page
}

/** Those from position `skip` on. */
async function* directories(
  cas: ContentAddressableStorage,
  root: Digest,
  skip: number,
  signal: AbortSignal,
): AsyncGenerator<{ directory: reapi.Directory; sizeBytes: number; position: number }> {
  const seen = new Set<string>([root.key])
  const waiting = [root]
  for (let at = 0; at < waiting.length; at++) {
    if (at % DIRECTORIES_A_TURN === DIRECTORIES_A_TURN - 1) await nextTurn(undefined, { signal })
    const digest = waiting[at] as Digest
    const bytes = await getDirectory(cas, digest, at === 0, signal)
    if (bytes === undefined) continue
    // GT-08
    const directory = reapi.decode(reapi.Directory, bytes, `the directory ${digest}`)
    if (at >= skip) yield { directory, sizeBytes: bytes.length, position: at }
    for (const node of directory.getDirectoriesList()) {
      const child = reapi.fromDigestMessage(root.fn, node.getDigest(), `the digest of directory ${node.getName()}`)
      if (seen.has(child.key)) continue
      seen.add(child.key)
      waiting.push(child)
    }
  }
  if (skip > waiting.length) throw badToken()
}

/** GT-01, GT-03: a root must be there, what is below it may be missing. What is too large is not even read. */
async function getDirectory(
  cas: ContentAddressableStorage,
  digest: Digest,
  isRoot: boolean,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    if (digest.sizeBytes > MAX_DIRECTORY_BYTES && (await cas.findMissing([digest], signal)).length === 0) {
      throw new GoregoError(
        'failed-precondition',
        `${digest} does not fit into a response; read it with ByteStream if it is a directory at all`,
      )
    }
    return await cas.get(digest, signal)
  } catch (error) {
    if (!isRoot && error instanceof GoregoError && error.code === 'not-found') return undefined
    throw error
  }
}

function parseToken(root: Digest, token: string): number {
  const match = /^([0-9a-z]+-[0-9a-f]+)-(\d{1,15})$/.exec(token)
  if (match === null || match[1] !== `${root.fn.name}-${root.hash}`) throw badToken()
  return Number(match[2])
}

function badToken(): GoregoError {
  return new GoregoError('invalid-argument', 'page_token is not one that this server gave out for this root')
}
