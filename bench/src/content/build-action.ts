import { Digest, reapi, SHA256 } from '@gorego/core'
import { digestMessage } from '../wire/digest-message.js'

export interface Blob {
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** An action and what it needs, except what its input root refers to. */
export interface BuiltAction {
  readonly digest: Digest
  readonly blobs: readonly Blob[]
}

export interface ActionOptions {
  readonly argv: readonly string[]
  readonly path?: string
  /** Entries in order of their names. */
  readonly inputs?: reapi.Directory
  /** Paths in order; the directories that they lie in are made before the command runs. */
  readonly outputs?: readonly string[]
  readonly salt?: string
}

export function buildAction(options: ActionOptions): BuiltAction {
  const { argv, path, inputs = new reapi.Directory(), outputs = [], salt = '' } = options
  const message = new reapi.Command().setArgumentsList([...argv]).setOutputPathsList([...outputs])
  if (path !== undefined) {
    message.addEnvironmentVariables(new reapi.Command.EnvironmentVariable().setName('PATH').setValue(path))
  }
  const command = blobOf(message.serializeBinary())
  const root = blobOf(inputs.serializeBinary())
  const action = blobOf(
    new reapi.Action()
      .setCommandDigest(digestMessage(command.digest))
      .setInputRootDigest(digestMessage(root.digest))
      .setSalt(Buffer.from(salt))
      .serializeBinary(),
  )
  return { digest: action.digest, blobs: [command, root, action] }
}

export function blobOf(bytes: Uint8Array): Blob {
  return { digest: Digest.ofBytes(SHA256, bytes), bytes }
}
