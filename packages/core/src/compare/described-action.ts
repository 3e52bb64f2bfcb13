import type { ContentAddressableStorage } from '../cas/index.js'
import type { Digest } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { MAX_ACTION_BYTES, MAX_COMMAND_BYTES } from '../proto/message-sizes.js'
import { Action, Command } from '../proto/messages.js'

/** What an Action says, with its Command. */
export interface DescribedAction {
  readonly digest: Digest
  readonly action: Action
  readonly commandDigest: Digest
  readonly command: Command
  readonly inputRoot: Digest
  /** What it wants of a worker, in the order in which it says so: the Action's where it has any, the Command's otherwise (AN-06). */
  readonly platform: readonly (readonly [name: string, value: string])[]
  /** In seconds, as it says; absent where it does not. */
  readonly timeoutSeconds?: number
}

const MAX_BYTES = { Action: MAX_ACTION_BYTES, Command: MAX_COMMAND_BYTES }

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
  const timeout = action.getTimeout()
  const properties = (action.getPlatform() ?? command.getPlatform())?.getPropertiesList() ?? []
  return {
    ...{ digest, action, commandDigest, command, inputRoot },
    platform: properties.map((property) => [property.getName(), property.getValue()] as const),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout.getSeconds() + timeout.getNanos() / 1e9 }),
  }

  async function read(what: 'Action' | 'Command', blob: Digest): Promise<Uint8Array> {
    if (blob.sizeBytes > MAX_BYTES[what])
      throw new GoregoError('invalid-argument', `${blob} has ${blob.sizeBytes} bytes: too many for an ${what}`)
    return await cas.get(blob, signal)
  }
}
