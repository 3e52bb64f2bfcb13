import type { Digest, DigestFunction } from '../digest/index.js'
import { GoregoError } from '../errors/index.js'
import { decode, MAX_FIELDS } from '../proto/decode.js'
import { FieldCount } from '../proto/field-count.js'
import { NodeProperties } from '../proto/messages.js'
import { DIRECTORY_DIRECTORIES, DIRECTORY_FILES } from '../proto/node-digests.js'
import { readDigest } from '../proto/read-digest.js'
import { WireReader } from '../proto/wire-reader.js'

/** A FileNode, DirectoryNode or SymlinkNode as it was sent; what its kind does not have is as if it had not been sent. */
export interface SentNode {
  readonly name: string
  readonly digest: Digest | undefined
  readonly executable: boolean
  readonly target: string
  readonly properties: NodeProperties | undefined
}

/** A Directory message as it was sent: nothing is checked but that it is one, and that digests can be digests. */
export interface DirectoryNodes {
  readonly files: readonly SentNode[]
  readonly directories: readonly SentNode[]
  readonly symlinks: readonly SentNode[]
  readonly properties: NodeProperties | undefined
}

/** The numbers of the fields, in Directory and in each kind of node; no field has the number 0. */
const DIRECTORY = { files: DIRECTORY_FILES, directories: DIRECTORY_DIRECTORIES, symlinks: 3, properties: 5 }
const FILE = { name: 1, digest: 2, executable: 4, target: 0, properties: 6 }
const CHILD = { name: 1, digest: 2, executable: 0, target: 0, properties: 0 }
const SYMLINK = { name: 1, digest: 0, executable: 0, target: 2, properties: 4 }
/** In NodeProperties. */
const NODE_PROPERTY = 1

/**
 * Reads a Directory as it comes: a google-protobuf message for each node would take four times as long, and a
 * kilobyte. Throws `invalid-argument` for what is none.
 */
export function readDirectoryNodes(fn: DigestFunction, bytes: Uint8Array, digest: Digest): DirectoryNodes {
  try {
    return read(fn, new WireReader(bytes, new FieldCount(MAX_FIELDS)))
  } catch (cause) {
    if (!(cause instanceof GoregoError)) throw cause
    throw new GoregoError(cause.code, `the input directory ${digest} cannot be read: ${cause.message}`, { cause })
  }
}

function read(fn: DigestFunction, reader: WireReader): DirectoryNodes {
  const files: SentNode[] = []
  const directories: SentNode[] = []
  const symlinks: SentNode[] = []
  let properties: NodeProperties | undefined
  while (reader.next()) {
    switch (reader.number) {
      case DIRECTORY.files:
        files.push(readNode(fn, reader.message(), FILE))
        break
      case DIRECTORY.directories:
        directories.push(readNode(fn, reader.message(), CHILD))
        break
      case DIRECTORY.symlinks:
        symlinks.push(readNode(fn, reader.message(), SYMLINK))
        break
      case DIRECTORY.properties:
        properties = readProperties(reader)
    }
  }
  return { files, directories, symlinks, properties }
}

/** As google-protobuf has it, what comes last counts, messages too. */
function readNode(fn: DigestFunction, reader: WireReader, fields: typeof FILE): SentNode {
  let name = ''
  let digest: Digest | undefined
  let executable = false
  let target = ''
  let properties: NodeProperties | undefined
  while (reader.next()) {
    if (reader.number === fields.name) name = reader.text()
    else if (reader.number === fields.digest) digest = readDigest(fn, reader.message())
    else if (reader.number === fields.executable) executable = reader.boolean()
    else if (reader.number === fields.target) target = reader.text()
    else if (reader.number === fields.properties) properties = readProperties(reader)
  }
  return { name, digest, executable, target, properties }
}

function readProperties(reader: WireReader): NodeProperties {
  countFields(reader)
  return decode(NodeProperties, reader.view(), 'what it says of properties')
}

/** Those of a NodeProperties and of the properties in it are a part of what a Directory may have altogether. */
function countFields(reader: WireReader): void {
  for (const properties = reader.message(); properties.next(); ) {
    if (properties.number !== NODE_PROPERTY) continue
    for (const property = properties.message(); property.next(); );
  }
}
