import type { CallContext } from '../wire/call-context.js'
import type { WriteName } from '../wire/resource-name.js'

/**
 * Tools that take nothing but the uncompressed size for the end of a compressed upload, by what they call themselves in
 * RequestMetadata.tool_details. Siso is one; the others are built on those parts of remote-apis-sdks that compare the sizes.
 */
const TOOLS_THAT_WANT_THE_SIZE: ReadonlySet<string> = new Set([
  'siso',
  're-client',
  'reclient',
  'reproxy',
  'remotetool',
])

/**
 * `committed_size` of a finished upload (BW-08, BW-09, BW-10). Of compressed ones the protocol says -1 where the blob was
 * there already and nothing for the rest: Bazel and Buck2 take the write offset that was reached.
 * `reached`: that offset, or undefined where the blob was there, or was completed by somebody else.
 * `labels`: of the call; `tool` is name and version of the client, as far as it says.
 */
export function committedSize(
  { digest, compressor }: WriteName,
  reached: number | undefined,
  call: Pick<CallContext, 'labels'>,
): number {
  if (compressor === undefined) return digest.sizeBytes
  const [toolName = ''] = (call.labels.tool ?? '').toLowerCase().split(' ', 1)
  if (TOOLS_THAT_WANT_THE_SIZE.has(toolName)) return digest.sizeBytes
  return reached ?? -1
}
