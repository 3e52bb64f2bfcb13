import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode } from '../proto/decode.js'
import { fromDigestMessage } from '../proto/digests.js'
import { Directory } from '../proto/messages.js'
import type { ActionPolicy } from './action-policy.js'
import { checkDirectoryOrder } from './canonical-order.js'
import { checkName } from './hostile-paths.js'
import { type InputAttributes, inputAttributes } from './node-properties.js'

export interface InputFile {
  readonly digest: Digest
  readonly executable: boolean
  readonly attributes: InputAttributes | undefined
}

export interface InputSymlink {
  readonly target: string
  readonly attributes: InputAttributes | undefined
}

/** A Directory message, checked: every name can be one, and none comes twice. */
export interface InputDirectory {
  readonly files: ReadonlyMap<string, InputFile>
  readonly directories: ReadonlyMap<string, Digest>
  readonly symlinks: ReadonlyMap<string, InputSymlink>
  readonly attributes: InputAttributes | undefined
}

export type DirectoryPolicy = Pick<ActionPolicy, 'absoluteSymlinks' | 'strict'>

/** Throws `invalid-argument` for what is no Directory, and for names that could lead elsewhere (DR-01, DR-02). */
export function parseInputDirectory(
  fn: DigestFunction,
  bytes: Uint8Array,
  digest: Digest,
  { absoluteSymlinks, strict }: DirectoryPolicy,
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
  const files = new Map<string, InputFile>()
  for (const file of message.getFilesList()) {
    const name = checked(file.getName())
    files.set(name, {
      digest: fromDigestMessage(fn, file.getDigest(), `the digest of input ${name}`),
      executable: file.getIsExecutable(),
      attributes: inputAttributes(file.getNodeProperties(), name),
    })
  }
  const directories = new Map<string, Digest>()
  for (const child of message.getDirectoriesList()) {
    const name = checked(child.getName())
    directories.set(name, fromDigestMessage(fn, child.getDigest(), `the digest of input directory ${name}`))
  }
  const symlinks = new Map<string, InputSymlink>()
  for (const link of message.getSymlinksList()) {
    const name = checked(link.getName())
    symlinks.set(name, {
      target: checkTarget(link.getTarget(), name, absoluteSymlinks),
      attributes: inputAttributes(link.getNodeProperties(), name),
    })
  }
  const attributes = inputAttributes(message.getNodeProperties(), `the input directory ${digest}`)
  return { files, directories, symlinks, attributes }
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
