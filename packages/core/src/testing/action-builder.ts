import type { ContentAddressableStorage } from '../cas/index.js'
import { Digest, type DigestFunction, SHA256 } from '../digest/index.js'
import { encodeDirectory } from '../proto/canonical.js'
import { toDigestMessage } from '../proto/digests.js'
import {
  Action,
  Command,
  Directory,
  DirectoryNode,
  FileNode,
  type NodeProperties,
  type OutputDirectoryFormatValue,
  Platform,
  SymlinkNode,
} from '../proto/messages.js'
import { durationFromMillis } from '../proto/time.js'

/** A file's content, or an entry of another kind. */
export type TreeEntry =
  | string
  | Uint8Array
  | { readonly content: string | Uint8Array; readonly executable?: boolean; readonly properties?: NodeProperties }
  | { readonly symlink: string; readonly properties?: NodeProperties }
  /** A Directory message has properties of its own. */
  | { readonly directory: TreeSpec | Directory; readonly properties?: NodeProperties }

/** The entries of a directory by name. Where names must be bad or come twice, make a Directory message instead. */
export type TreeSpec = Readonly<Record<string, TreeEntry>>

/** An action in the protocol's own terms, so that also those can be written that no good client would send. */
export interface ActionMessages {
  readonly argv?: readonly string[]
  /** In this order; a name may come twice. */
  readonly env?: readonly (readonly [name: string, value: string])[]
  readonly inputs?: TreeSpec | Directory
  readonly workingDirectory?: string
  readonly outputPaths?: readonly string[]
  /** REAPI 2.0: ignored by a server that finds output paths. */
  readonly outputFiles?: readonly string[]
  /** REAPI 2.0: ignored by a server that finds output paths. */
  readonly outputDirectories?: readonly string[]
  readonly outputDirectoryFormat?: OutputDirectoryFormatValue
  readonly outputNodeProperties?: readonly string[]
  /** Of the Action; in this order. */
  readonly platform?: readonly (readonly [name: string, value: string])[]
  readonly timeoutMs?: number
  readonly doNotCache?: boolean
  readonly salt?: string
}

/** A blob that belongs to an action. */
export interface BuiltBlob {
  readonly digest: Digest
  readonly bytes: Uint8Array
}

/** An action as messages and blobs, ready to be uploaded and executed. */
export class BuiltAction {
  /** Of the Action message: what a client asks to execute. */
  readonly digest: Digest
  readonly commandDigest: Digest
  readonly inputRootDigest: Digest
  readonly #fn: DigestFunction
  readonly #blobs = new Map<string, BuiltBlob>()

  constructor(messages: ActionMessages, fn: DigestFunction = SHA256) {
    this.#fn = fn
    this.commandDigest = this.#add(commandOf(messages).serializeBinary())
    this.inputRootDigest = this.#addDirectory(messages.inputs ?? {})
    const action = new Action()
      .setCommandDigest(toDigestMessage(this.commandDigest))
      .setInputRootDigest(toDigestMessage(this.inputRootDigest))
      .setDoNotCache(messages.doNotCache ?? false)
      .setSalt(Buffer.from(messages.salt ?? ''))
    if (messages.platform !== undefined) action.setPlatform(platformOf(messages.platform))
    if (messages.timeoutMs !== undefined) action.setTimeout(durationFromMillis(messages.timeoutMs))
    this.digest = this.#add(action.serializeBinary())
  }

  /** Everything that the action needs, each blob once: the Action, the Command, Directories and files. */
  get blobs(): BuiltBlob[] {
    return [...this.#blobs.values()]
  }

  /** Stores what the store does not have, except those blobs that are to be missing. */
  async upload(cas: ContentAddressableStorage, { except = [] }: { except?: readonly Digest[] } = {}): Promise<void> {
    const withheld = new Set(except.map((digest) => digest.key))
    const wanted = this.blobs.filter(({ digest }) => !withheld.has(digest.key))
    const missing = await cas.findMissing(wanted.map(({ digest }) => digest))
    for (const digest of missing) await cas.write(digest, this.#blobs.get(digest.key)?.bytes ?? new Uint8Array(0))
  }

  #add(bytes: Uint8Array): Digest {
    const digest = Digest.ofBytes(this.#fn, bytes)
    this.#blobs.set(digest.key, { digest, bytes })
    return digest
  }

  #addDirectory(tree: TreeSpec | Directory, properties?: NodeProperties): Digest {
    // As it is: encodeDirectory would bring a bad one in order.
    if (tree instanceof Directory) return this.#add(tree.serializeBinary())
    const directory = new Directory()
    for (const [name, entry] of Object.entries(tree)) this.#addEntry(directory, name, entry)
    return this.#add(encodeDirectory(directory.setNodeProperties(properties)))
  }

  #addEntry(parent: Directory, name: string, entry: TreeEntry): void {
    if (typeof entry === 'string' || entry instanceof Uint8Array) {
      parent.addFiles(this.#file(name, entry, false))
    } else if ('content' in entry) {
      const file = this.#file(name, entry.content, entry.executable ?? false)
      parent.addFiles(file.setNodeProperties(entry.properties))
    } else if ('symlink' in entry) {
      const link = new SymlinkNode().setName(name).setTarget(entry.symlink)
      parent.addSymlinks(link.setNodeProperties(entry.properties))
    } else {
      const digest = toDigestMessage(this.#addDirectory(entry.directory, entry.properties))
      parent.addDirectories(new DirectoryNode().setName(name).setDigest(digest))
    }
  }

  #file(name: string, content: string | Uint8Array, executable: boolean): FileNode {
    const digest = this.#add(typeof content === 'string' ? Buffer.from(content) : content)
    return new FileNode().setName(name).setDigest(toDigestMessage(digest)).setIsExecutable(executable)
  }
}

/** Spells an action out as the messages and blobs that a client would upload. */
export function buildAction(messages: ActionMessages, fn: DigestFunction = SHA256): BuiltAction {
  return new BuiltAction(messages, fn)
}

function commandOf(messages: ActionMessages): Command {
  const command = new Command()
    .setArgumentsList([...(messages.argv ?? [])])
    .setWorkingDirectory(messages.workingDirectory ?? '')
    .setOutputPathsList([...(messages.outputPaths ?? [])])
    .setOutputFilesList([...(messages.outputFiles ?? [])])
    .setOutputDirectoriesList([...(messages.outputDirectories ?? [])])
    .setOutputDirectoryFormat(messages.outputDirectoryFormat ?? Command.OutputDirectoryFormat.TREE_ONLY)
    .setOutputNodePropertiesList([...(messages.outputNodeProperties ?? [])])
  for (const [name, value] of messages.env ?? []) {
    command.addEnvironmentVariables(new Command.EnvironmentVariable().setName(name).setValue(value))
  }
  return command
}

function platformOf(properties: readonly (readonly [name: string, value: string])[]): Platform {
  const platform = new Platform()
  for (const [name, value] of properties) platform.addProperties(new Platform.Property().setName(name).setValue(value))
  return platform
}
