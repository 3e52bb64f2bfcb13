import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { Action, Command } from '../proto/messages.js'

/** What an Action says, with its Command. */
export interface DescribedAction {
  readonly digest: Digest
  readonly action: Action
  readonly commandDigest: Digest
  readonly command: Command
  readonly inputRoot: Digest
}

/** Blobs beyond these are no Actions and Commands, and would take their time to parse. */
const MAX_BYTES = { Action: 128 * 1024, Command: 16 * 1024 * 1024 }

/** Reads an Action and its Command. Throws `not-found` for what is not in the store, `invalid-argument` for what is something else. */
export async function describeAction(
  cas: ContentAddressableStorage,
  digest: Digest,
  signal?: AbortSignal,
): Promise<DescribedAction> {
  const action = decode(Action, await read('Action', digest), `the Action ${digest}`)
  const commandDigest = fromDigestMessage(digest.fn, action.getCommandDigest(), "the Action's command_digest")
  const command = decode(Command, await read('Command', commandDigest), `the Command ${commandDigest}`)
  const inputRoot = fromDigestMessage(digest.fn, action.getInputRootDigest(), "the Action's input_root_digest")
  return { digest, action, commandDigest, command, inputRoot }

  async function read(what: 'Action' | 'Command', blob: Digest): Promise<Uint8Array> {
    if (blob.sizeBytes > MAX_BYTES[what])
      throw new GoregoError('invalid-argument', `${blob} has ${blob.sizeBytes} bytes: too many for an ${what}`)
    return await cas.get(blob, signal)
  }
}
