import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import type { ActionPolicy } from './action-policy.js'
import { checkDirectoryOrder } from './canonical-order.js'
import { readDirectoryNodes, type SentNode } from './directory-nodes.js'
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
  const nodes = readDirectoryNodes(fn, bytes, digest)
  if (strict) checkDirectoryOrder(nodes, digest)
  const names = new Set<string>()
  const checked = ({ name }: SentNode): string => {
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
  for (const node of nodes.files) {
    const name = checked(node)
    const attributes = inputAttributes(node.properties, name)
    files.set(name, { digest: digestOf(node, 'input'), executable: node.executable, attributes })
  }
  const directories = new Map<string, Digest>()
  for (const node of nodes.directories) directories.set(checked(node), digestOf(node, 'input directory'))
  const symlinks = new Map<string, InputSymlink>()
  for (const node of nodes.symlinks) {
    const name = checked(node)
    const attributes = inputAttributes(node.properties, name)
    symlinks.set(name, { target: checkTarget(node.target, name, absoluteSymlinks), attributes })
  }
  const attributes = inputAttributes(nodes.properties, `the input directory ${digest}`)
  return { files, directories, symlinks, attributes }
}

function digestOf({ name, digest }: SentNode, what: string): Digest {
  if (digest === undefined) throw new GoregoError('invalid-argument', `the digest of ${what} ${name} is missing`)
  return digest
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
