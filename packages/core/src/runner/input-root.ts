import { mkdirSync, symlinkSync } from 'node:fs'
import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { Directory } from '../proto/messages.js'
import type { ActionPolicy } from './action-policy.js'
import type { BlobFiles } from './blob-files.js'
import { checkDirectoryOrder } from './canonical-order.js'
import { checkName } from './hostile-paths.js'
import { applyAttributes, applyLinkAttributes, type InputAttributes, inputAttributes } from './node-properties.js'

/** A tree of identical subtrees can stand for more files than there are atoms: this many entries are the end. */
const MAX_ENTRIES = 1_000_000

/** Deeper ones have paths beyond PATH_MAX (4,096 bytes). */
const MAX_DEPTH = 2048

interface InputFile {
  readonly name: string
  readonly digest: Digest
  readonly executable: boolean
  readonly attributes: InputAttributes | undefined
}

/** A Directory message, checked. */
interface InputDirectory {
  readonly files: readonly InputFile[]
  readonly directories: readonly { readonly name: string; readonly digest: Digest }[]
  readonly symlinks: readonly {
    readonly name: string
    readonly target: string
    readonly attributes: InputAttributes | undefined
  }[]
  readonly attributes: InputAttributes | undefined
}

export interface StagingOptions {
  readonly blobs: BlobFiles
  /** Keys of the inputs that must not share an inode with the store. */
  readonly copied: ReadonlySet<string>
  readonly policy: Pick<ActionPolicy, 'absoluteSymlinks' | 'strict'>
}

export interface StagedInputs {
  /** Blobs that the store does not have, all of them (EX-06). If there are any, the layout is incomplete. */
  readonly missing: readonly Digest[]
  readonly files: number
  readonly directories: number
  readonly symlinks: number
  readonly bytes: number
  /**
   * Gives directories the modes and times that the client wants. To be called when nothing more will be put into them:
   * that changes the time, and the mode may forbid it.
   */
  finish(): void
}

/**
 * Lays out the input tree of an action in a new directory (CM-12): every directory, also the empty ones, every file as a
 * link to the stored blob, or as a copy where it has attributes of its own, every symbolic link as the client wrote it.
 * Names that could lead elsewhere throw `invalid-argument`.
 */
export function stageInputRoot(path: string, root: Digest, options: StagingOptions): StagedInputs {
  const { blobs, copied } = options
  const missing = new Map<string, Digest>()
  const tree = readDirectories(root, options)
  const withAttributes: { readonly path: string; readonly attributes: InputAttributes }[] = []
  const count = { files: 0, directories: 0, symlinks: 0, bytes: 0 }
  const place = (file: InputFile, target: string): void => {
    const { digest, executable, attributes } = file
    const copy = attributes !== undefined || copied.has(digest.key)
    count.files++
    count.bytes += digest.sizeBytes
    if (!blobs.place(digest, executable, target, copy)) missing.set(digest.key, digest)
    else if (attributes !== undefined) applyAttributes(target, attributes)
  }
  const waiting = [{ path, digest: root }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path: directoryPath, digest } = next
    const directory = tree.get(digest.key)
    mkdirSync(directoryPath)
    if (directory === undefined) {
      missing.set(digest.key, digest)
      continue
    }
    const { attributes, files, symlinks, directories } = directory
    if (attributes !== undefined) withAttributes.push({ path: directoryPath, attributes })
    for (const file of files) place(file, `${directoryPath}/${file.name}`)
    for (const link of symlinks) {
      symlinkSync(link.target, `${directoryPath}/${link.name}`)
      if (link.attributes !== undefined) applyLinkAttributes(`${directoryPath}/${link.name}`, link.attributes)
    }
    for (const child of directories) waiting.push({ path: `${directoryPath}/${child.name}`, digest: child.digest })
    count.directories += directories.length
    count.symlinks += symlinks.length
  }
  return {
    ...count,
    missing: [...missing.values()],
    finish() {
      // Those below first: a directory may be closed by its mode.
      for (const { path, attributes } of withAttributes.toReversed()) applyAttributes(path, attributes)
    },
  }
}

/** Every distinct Directory of a tree that the store has. What the tree stands for is counted before any of it is made. */
function readDirectories(root: Digest, options: StagingOptions): Map<string, InputDirectory> {
  const directories = new Map<string, InputDirectory>()
  const entries = new Map<string, number>()
  const read = (digest: Digest, depth: number): number => {
    const known = entries.get(digest.key)
    if (known !== undefined) return known
    if (depth > MAX_DEPTH)
      throw new GoregoError('invalid-argument', `the input tree is more than ${MAX_DEPTH} directories deep`)
    const bytes = options.blobs.readMessage(digest)
    const directory = bytes === undefined ? undefined : parseDirectory(digest.fn, bytes, digest, options.policy)
    let count = 0
    if (directory !== undefined) {
      directories.set(digest.key, directory)
      count = directory.files.length + directory.directories.length + directory.symlinks.length
      for (const child of directory.directories) count += read(child.digest, depth + 1)
    }
    if (count > MAX_ENTRIES)
      throw new GoregoError('invalid-argument', `the input tree has more than ${MAX_ENTRIES} entries`)
    entries.set(digest.key, count)
    return count
  }
  read(root, 0)
  return directories
}

function parseDirectory(
  fn: DigestFunction,
  bytes: Uint8Array,
  digest: Digest,
  { absoluteSymlinks, strict }: StagingOptions['policy'],
): InputDirectory {
  const message = decode(Directory, bytes, `the input directory ${digest}`)
  if (strict) checkDirectoryOrder(message, digest)
  const names = new Set<string>()
  const checked = (name: string): string => {
    checkName(name)
    if (names.has(name)) {
      throw new GoregoError(
        'invalid-argument',
        `the input directory ${digest} has two entries called ${JSON.stringify(name)}`,
      )
    }
    names.add(name)
    return name
  }
  return {
    files: message.getFilesList().map((file) => ({
      name: checked(file.getName()),
      digest: fromDigestMessage(fn, file.getDigest(), `the digest of input ${file.getName()}`),
      executable: file.getIsExecutable(),
      attributes: inputAttributes(file.getNodeProperties(), file.getName()),
    })),
    directories: message.getDirectoriesList().map((child) => ({
      name: checked(child.getName()),
      digest: fromDigestMessage(fn, child.getDigest(), `the digest of input directory ${child.getName()}`),
    })),
    symlinks: message.getSymlinksList().map((link) => ({
      name: checked(link.getName()),
      target: checkTarget(link.getTarget(), link.getName(), absoluteSymlinks),
      attributes: inputAttributes(link.getNodeProperties(), link.getName()),
    })),
    attributes: inputAttributes(message.getNodeProperties(), `the input directory ${digest}`),
  }
}

function checkTarget(target: string, name: string, absolute: ActionPolicy['absoluteSymlinks']): string {
  const link = `the symbolic link ${JSON.stringify(name)}`
  if (target === '' || target.includes('\0'))
    throw new GoregoError('invalid-argument', `the target of ${link} is empty or has a NUL byte in it`)
  // DR-07
  if (absolute === 'disallowed' && target.startsWith('/')) {
    throw new GoregoError(
      'invalid-argument',
      `the target of ${link} among the inputs is absolute, ${JSON.stringify(target.slice(0, 200))}, which this server does not allow (execution.absolute_symlinks)`,
    )
  }
  return target
}
