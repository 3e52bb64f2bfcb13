import { mkdirSync, symlinkSync } from 'node:fs'
import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { Directory } from '../proto/messages.js'
import type { BlobFiles } from './blob-files.js'
import { checkName } from './hostile-paths.js'

/** A tree of identical subtrees can stand for more files than there are atoms: this many entries are the end. */
const MAX_ENTRIES = 1_000_000

/** Deeper ones have paths beyond PATH_MAX (4,096 bytes). */
const MAX_DEPTH = 2048

/** A Directory message, checked. */
interface InputDirectory {
  readonly files: readonly { readonly name: string; readonly digest: Digest; readonly executable: boolean }[]
  readonly directories: readonly { readonly name: string; readonly digest: Digest }[]
  readonly symlinks: readonly { readonly name: string; readonly target: string }[]
}

/**
 * Lays out the input tree of an action in a new directory (CM-12): every directory, also the empty ones, every file as a
 * link to the stored blob, every symbolic link as the client wrote it. Returns the blobs that the store does not have,
 * all of them (EX-06); then the layout is incomplete. Names that could lead elsewhere throw `invalid-argument`.
 */
export function stageInputRoot(path: string, root: Digest, blobs: BlobFiles, copied: ReadonlySet<string>): Digest[] {
  const missing = new Map<string, Digest>()
  const directories = readDirectories(root, blobs)
  const waiting = [{ path, digest: root }]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path: directoryPath, digest } = next
    const directory = directories.get(digest.key)
    mkdirSync(directoryPath)
    if (directory === undefined) {
      missing.set(digest.key, digest)
      continue
    }
    for (const file of directory.files) {
      const copy = copied.has(file.digest.key)
      if (!blobs.place(file.digest, file.executable, `${directoryPath}/${file.name}`, copy)) {
        missing.set(file.digest.key, file.digest)
      }
    }
    for (const link of directory.symlinks) symlinkSync(link.target, `${directoryPath}/${link.name}`)
    for (const child of directory.directories)
      waiting.push({ path: `${directoryPath}/${child.name}`, digest: child.digest })
  }
  return [...missing.values()]
}

/** Every distinct Directory of a tree that the store has. What the tree stands for is counted before any of it is made. */
function readDirectories(root: Digest, blobs: BlobFiles): Map<string, InputDirectory> {
  const directories = new Map<string, InputDirectory>()
  const entries = new Map<string, number>()
  const read = (digest: Digest, depth: number): number => {
    const known = entries.get(digest.key)
    if (known !== undefined) return known
    if (depth > MAX_DEPTH)
      throw new GoregoError('invalid-argument', `the input tree is more than ${MAX_DEPTH} directories deep`)
    const directory = readDirectory(digest, blobs)
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

function readDirectory(digest: Digest, blobs: BlobFiles): InputDirectory | undefined {
  const bytes = blobs.read(digest)
  return bytes === undefined ? undefined : parseDirectory(digest.fn, bytes, digest)
}

function parseDirectory(fn: DigestFunction, bytes: Uint8Array, digest: Digest): InputDirectory {
  const message = decode(Directory, bytes, `the input directory ${digest}`)
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
    })),
    directories: message.getDirectoriesList().map((child) => ({
      name: checked(child.getName()),
      digest: fromDigestMessage(fn, child.getDigest(), `the digest of input directory ${child.getName()}`),
    })),
    symlinks: message.getSymlinksList().map((link) => ({
      name: checked(link.getName()),
      target: checkTarget(link.getTarget(), link.getName()),
    })),
  }
}

function checkTarget(target: string, name: string): string {
  if (target !== '' && !target.includes('\0')) return target
  throw new GoregoError(
    'invalid-argument',
    `the target of the symbolic link ${JSON.stringify(name)} is empty or has a NUL byte in it`,
  )
}
