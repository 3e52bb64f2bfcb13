import { type Digest, DigestingCheck } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { ContentAddressableStorage } from './content-addressable-storage.js'

/**
 * All of a blob, hashed on its way: `read` of a store elsewhere gives what it is sent. Throws `internal` before the end, or at it,
 * where that is something else, so what came before is not to be used until it has ended.
 */
export async function* readChecked(
  cas: Pick<ContentAddressableStorage, 'read'>,
  digest: Digest,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  await digest.fn.prepare()
  const check = new DigestingCheck(digest)
  const somethingElse = (cause: unknown) =>
    new GoregoError('internal', `what came as blob ${digest} is something else`, { cause })
  for await (const chunk of cas.read(digest, {}, signal)) {
    try {
      check.update(chunk)
    } catch (cause) {
      throw somethingElse(cause)
    }
    yield chunk
  }
  try {
    check.finish()
  } catch (cause) {
    throw somethingElse(cause)
  }
}
