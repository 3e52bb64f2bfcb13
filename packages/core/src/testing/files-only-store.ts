import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Digest } from '../digest/index.js'
import { StoreLayout } from '../disk/index.js'
import { toDigestMessage } from '../proto/digests.js'
import {
  Directory,
  DirectoryNode,
  FileNode,
  NodeProperties,
  SymlinkNode,
  Timestamp,
  UInt32Value,
} from '../proto/messages.js'
import type { ActionUser } from '../runner/action-user.js'
import { BlobFiles } from '../runner/blob-files.js'
import { DirectoryReader } from '../runner/directory-reader.js'
import { InputFiles } from '../runner/input-files.js'
import { InputRoot } from '../runner/input-root.js'
import { blobOf } from './blobs.js'
import { putBlobFile } from './put-blob-file.js'

interface Own {
  readonly mode?: number
  /** Seconds since 1970. */
  readonly mtime?: number
}

/** An entry of an input tree. */
export type TreeNode =
  | ({ readonly kind: 'file'; readonly name: string; readonly content: string; readonly executable: boolean } & Own)
  | { readonly kind: 'link'; readonly name: string; readonly target: string }
  | ({ readonly kind: 'directory'; readonly name: string; readonly nodes: TreeNode[] } & Own)

/** A store with nothing but what it was given, as a runner sees it: files, without the main process around them. */
export class FilesOnlyStore {
  readonly layout: StoreLayout
  readonly blobs: BlobFiles

  constructor(readonly root: string) {
    for (const name of ['tmp', 'store']) mkdirSync(join(root, name))
    this.layout = new StoreLayout(join(root, 'store'))
    this.blobs = new BlobFiles(this.layout, join(root, 'tmp'))
  }

  /** `user`: who runs the commands in it, where that is somebody else. */
  inputRoot(directory: string, user?: ActionUser): InputRoot {
    const directories = new DirectoryReader(this.blobs, { strict: false, absoluteSymlinks: 'allowed' })
    const files = new InputFiles(this.layout, this.blobs)
    return new InputRoot({ directory, files, directories, copied: new Set(), user, inputsAreSafe: user !== undefined })
  }

  put(bytes: Uint8Array): Digest {
    const blob = blobOf(bytes)
    const isThere = bytes.length === 0 || existsSync(this.layout.blob(blob.digest))
    if (!isThere) putBlobFile(this.layout.root, blob)
    return blob.digest
  }

  /** Stores a tree, as a client would; whether it is a legal one is not asked. */
  directory(nodes: readonly TreeNode[], own: Own = {}): Digest {
    const message = new Directory().setNodeProperties(properties(own))
    for (const node of nodes) {
      if (node.kind === 'file') {
        const digest = toDigestMessage(this.put(Buffer.from(node.content)))
        const file = new FileNode().setName(node.name).setDigest(digest).setIsExecutable(node.executable)
        message.addFiles(file.setNodeProperties(properties(node)))
      } else if (node.kind === 'link') {
        message.addSymlinks(new SymlinkNode().setName(node.name).setTarget(node.target))
      } else {
        const digest = toDigestMessage(this.directory(node.nodes, node))
        message.addDirectories(new DirectoryNode().setName(node.name).setDigest(digest))
      }
    }
    return this.put(message.serializeBinary())
  }
}

function properties({ mode, mtime }: Own): NodeProperties | undefined {
  if (mode === undefined && mtime === undefined) return undefined
  const message = new NodeProperties()
  if (mode !== undefined) message.setUnixMode(new UInt32Value().setValue(mode))
  if (mtime !== undefined) message.setMtime(new Timestamp().setSeconds(mtime))
  return message
}
