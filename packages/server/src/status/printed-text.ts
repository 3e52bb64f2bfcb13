import { type ContentAddressableStorage, type Digest, type DigestFunction, GoregoError, reapi } from '@gorego/core'

/** Of what a command printed, the end: that is where errors are. */
export interface PrintedText {
  readonly text: string
  /** How much there is before it, in bytes. */
  readonly leftOut: number
  /** Where all of it is; absent where it came with the result. */
  readonly digest?: Digest
}

/** Fields of ActionResult: the text itself, and where it is. */
const FIELDS = { stdout: { raw: 5, digest: 6 }, stderr: { raw: 7, digest: 8 } }

/** Reads the last `most` bytes of what a result says was printed; undefined for nothing, or what is not in the store any more. */
export async function printedText(
  cas: ContentAddressableStorage,
  fn: DigestFunction,
  result: Uint8Array,
  stream: keyof typeof FIELDS,
  most: number,
  signal?: AbortSignal,
): Promise<PrintedText | undefined> {
  let raw: Uint8Array | undefined
  let digest: Digest | undefined
  for (const { number, bytes } of reapi.wireFields(result)) {
    if (number === FIELDS[stream].raw) raw = bytes
    else if (number === FIELDS[stream].digest && bytes !== undefined) {
      digest = reapi.fromDigestMessage(fn, reapi.Digest.deserializeBinary(bytes), `the digest of ${stream}`)
    }
  }
  if (raw !== undefined && raw.length > 0) {
    const leftOut = Math.max(0, raw.length - most)
    return { text: Buffer.from(raw.subarray(leftOut)).toString(), leftOut }
  }
  if (digest === undefined || digest.sizeBytes === 0) return undefined
  const leftOut = Math.max(0, digest.sizeBytes - most)
  try {
    const chunks: Uint8Array[] = []
    for await (const chunk of cas.read(digest, { offset: leftOut }, signal)) chunks.push(chunk)
    return { text: Buffer.concat(chunks).toString(), leftOut, digest }
  } catch (error) {
    if (GoregoError.from(error).code === 'not-found') return undefined
    throw error
  }
}
