import { type ContentAddressableStorage, type Digest, type DigestFunction, GoregoError, reapi } from '@gorego/core'

/** Which contents a client wants inside the result, to save itself a round trip (AC-06, EX-22). */
export interface InliningHints {
  readonly stdout: boolean
  readonly stderr: boolean
  /** Output paths, exactly as in the Command (AC-08). */
  readonly files: readonly string[]
}

/** What all inlined contents of one result may add up to: well below the 4 MiB of a message. */
const MAX_INLINED_BYTES = 2 * 1024 * 1024

/** Nothing larger is inlined, so that one large file does not keep all the others out. */
const MAX_ITEM_BYTES = 512 * 1024

/** For calls in which a client cannot say. */
export const NO_HINTS: InliningHints = { stdout: false, stderr: false, files: [] }

export function wantsInlining({ stdout, stderr, files }: InliningHints): boolean {
  return stdout || stderr || files.length > 0
}

/** Puts the contents that were asked for into a result, as far as they fit. Digests stay (AC-07). */
export async function inlineContents(
  result: reapi.ActionResult,
  hints: InliningHints,
  fn: DigestFunction,
  cas: ContentAddressableStorage,
  signal: AbortSignal,
): Promise<void> {
  let room = MAX_INLINED_BYTES - result.getStdoutRaw_asU8().length - result.getStderrRaw_asU8().length
  const fetch = async (message: reapi.Digest | undefined): Promise<Uint8Array | undefined> => {
    if (message === undefined) return undefined
    const digest = reapi.fromDigestMessage(fn, message, 'a digest of the result')
    if (digest.sizeBytes > Math.min(room, MAX_ITEM_BYTES)) return undefined
    const bytes = await getIfThere(cas, digest, signal)
    room -= bytes?.length ?? 0
    return bytes
  }
  if (hints.stdout && result.getStdoutRaw_asU8().length === 0) {
    result.setStdoutRaw((await fetch(result.getStdoutDigest())) ?? '')
  }
  if (hints.stderr && result.getStderrRaw_asU8().length === 0) {
    result.setStderrRaw((await fetch(result.getStderrDigest())) ?? '')
  }
  const wanted = new Set(hints.files)
  for (const file of result.getOutputFilesList()) {
    if (wanted.has(file.getPath())) file.setContents((await fetch(file.getDigest())) ?? '')
  }
}

/** A blob that went away since is just not inlined. */
async function getIfThere(
  cas: ContentAddressableStorage,
  digest: Digest,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  try {
    return await cas.get(digest, signal)
  } catch (error) {
    if (error instanceof GoregoError && error.code === 'not-found') return undefined
    throw error
  }
}
